"""Onboarding machines to Azure Arc: who should be, with what, and whether it worked."""
