"""The search, the plan that is shown, the certificate when none passes."""
