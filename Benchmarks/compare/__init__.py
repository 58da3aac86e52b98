"""The comparison behind `Benchmarks/run`: who takes part, how load is put on, what is counted.

Layers, each of which only knows those before it: `proc` and `processes` (the system),
`configurations`, `candidates` and `load` (the programs), `counting` (system calls), `rounds` and
`tables` (figures), `scenarios`.
"""
