"""Bringing hand-held frames onto one another."""
