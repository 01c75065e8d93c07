"""Circuits whose state is a few registers, from their tape or from parameter values on."""
