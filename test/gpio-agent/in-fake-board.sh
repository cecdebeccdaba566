#!/bin/sh
# Runs a command as on a board: with the device tree and the /dev/gpiomem that lie in a folder. To be run in a mount
# namespace of its own (unshare --mount), where nobody else sees what is mounted here.
# usage: in-fake-board.sh FOLDER COMMAND...
#   FOLDER/device-tree   becomes /proc/device-tree
#   FOLDER/gpiomem       becomes /dev/gpiomem; a regular file: registers to look at
set -eu
board=$1
shift

# Neither /proc nor a file in it can be replaced, so both trees are rebuilt of links to their real entries.
for tree in proc dev; do
  mkdir -p "$board/real-$tree"
  mount --rbind "/$tree" "$board/real-$tree"
done
for tree in dev proc; do
  mount -t tmpfs tmpfs "/$tree"
  ln -s "$board/real-$tree"/* "/$tree"
done
rm -f /proc/device-tree /dev/gpiomem
ln -s "$board/device-tree" /proc/device-tree
if [ -e "$board/gpiomem" ]; then ln -s "$board/gpiomem" /dev/gpiomem; fi

exec "$@"
