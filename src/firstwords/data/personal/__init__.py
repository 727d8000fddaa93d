"""Families of personal data, one file each; `firstwords.data.personal_data` puts them together."""
