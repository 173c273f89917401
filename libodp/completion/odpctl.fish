# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Completion of odpctl for fish.

function __odpctl_devices
    for path in /sys/class/infiniband/*
        path basename $path
    end
end

set -l commands caps mr top hist map watch metrics doctor record report help
set -l none "not __fish_seen_subcommand_from $commands"
complete -c odpctl -f
complete -c odpctl -n $none -a caps -d 'What a device can do with on-demand memory'
complete -c odpctl -n $none -a mr -d 'The regions of everybody'
complete -c odpctl -n $none -a top -d 'The regions of everybody, live'
complete -c odpctl -n $none -a hist -d 'How long messages waited for pages'
complete -c odpctl -n $none -a map -d 'Which pages are present'
complete -c odpctl -n $none -a watch -d 'Paging as it happens'
complete -c odpctl -n $none -a metrics -d 'Everything, for monitoring systems'
complete -c odpctl -n $none -a doctor -d 'What is missing here'
complete -c odpctl -n $none -a record -d 'What paging does, to a file'
complete -c odpctl -n $none -a report -d 'A page of what was recorded'
complete -c odpctl -n $none -a help -d 'The commands'
complete -c odpctl -l help -d 'How it is used'
complete -c odpctl -l version -d 'Which version'
complete -c odpctl -n "__fish_seen_subcommand_from $commands" -l usage -d 'How it is used, in short'
complete -c odpctl -n '__fish_seen_subcommand_from caps mr top hist watch metrics' -a '(__odpctl_devices)'
complete -c odpctl -n '__fish_seen_subcommand_from caps mr top hist map watch doctor' -l json -d 'JSON, for programs'
complete -c odpctl -n '__fish_seen_subcommand_from mr top' -l sort -x -a 'activity faults invalidations prefetched resident length pid' -d 'By which key'
complete -c odpctl -n '__fish_seen_subcommand_from mr top' -l pid -x -a '(__fish_complete_pids)' -d 'Of this process'
complete -c odpctl -n '__fish_seen_subcommand_from mr top' -l mrn -x -d 'The region with this number'
complete -c odpctl -n '__fish_seen_subcommand_from mr top' -l kind -x -a 'implicit explicit pinned' -d 'Of this kind'
complete -c odpctl -n '__fish_seen_subcommand_from top watch' -l interval -x -d 'Milliseconds between two looks'
complete -c odpctl -n '__fish_seen_subcommand_from top watch' -l count -x -d 'How many'
complete -c odpctl -n '__fish_seen_subcommand_from hist record' -l seconds -x -d 'How long'
complete -c odpctl -n '__fish_seen_subcommand_from map' -l png -r -F -d 'A picture'
complete -c odpctl -n '__fish_seen_subcommand_from map' -a '(__fish_complete_pids)'
complete -c odpctl -n '__fish_seen_subcommand_from metrics' -l regions -d 'Each region by itself, as well'
complete -c odpctl -n '__fish_seen_subcommand_from record report' -l output -r -F -d 'The file'
complete -c odpctl -n '__fish_seen_subcommand_from record' -l buffer -x -d 'Most MiB that the kernel keeps'
complete -c odpctl -n '__fish_seen_subcommand_from report' -l perfetto -r -F -d 'A trace for Perfetto'
complete -c odpctl -n '__fish_seen_subcommand_from report' -F
complete -c odpctl -n '__fish_seen_subcommand_from doctor' -l container -x -a '(__fish_complete_directories; __fish_complete_pids)' -d 'Of a container'
complete -c odpctl -n '__fish_seen_subcommand_from doctor' -l providers -x -a '(__fish_complete_directories)' -d 'Where those for all releases are'
