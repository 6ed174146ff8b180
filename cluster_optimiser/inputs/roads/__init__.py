"""Road networks from OpenStreetMap: reading, downloading, and the road file of an authority."""
