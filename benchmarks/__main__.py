from benchmarks.rig import open_rig
from benchmarks.comparison import compare
with open_rig() as rig:
    print(compare(rig, seconds=2, rounds=1))
