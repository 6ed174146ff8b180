"""Intake: public files as they come, made into the data of one authority."""
