"""What is made of biology and numbers: the mechanism, its solver, patients, dosing and endpoints."""
