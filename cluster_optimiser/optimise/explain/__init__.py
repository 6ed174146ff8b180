"""Why there is no plan and what would admit one; what each rule costs where there is one."""
