# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Completion of odprun for fish.
complete -c odprun -x -a '(__fish_complete_subcommand --fcs-skip=1)'
complete -c odprun -l report -d 'Say what was done'
complete -c odprun -l json -d 'The report as JSON'
complete -c odprun -l transports -x -a 'rc uc ud xrc' -d 'What the program uses'
complete -c odprun -l help -d 'How it is used'
complete -c odprun -l usage -d 'How it is used, in short'
complete -c odprun -l version -d 'Which version'
