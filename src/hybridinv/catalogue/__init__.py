"""Agents and extensions: what is on the machines, and what there is to be had."""
