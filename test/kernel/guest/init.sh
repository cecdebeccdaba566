#!/bin/sh
# The first program of the guest. It makes simulated GPIO lines, and then runs the tests with them.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
for module in configfs gpio-sim; do
  insmod /lib/modules/$module.ko || {
    echo "the module $module cannot be loaded: remove the folder that prepare-kernel.sh prints, to have it built again"
    poweroff -f
  }
done
mount -t configfs configfs /sys/kernel/config
mount -t tracefs tracefs /sys/kernel/tracing
ifconfig lo 127.0.0.1 up
hostname kernel-lab

lab=/sys/kernel/config/gpio-sim/lab
mkdir -p $lab/bank0
echo 16 >$lab/bank0/num_lines
echo lab >$lab/bank0/label
line=0
for name in BUTTON SECOND LED LED_INVERSE TAKEN; do
  mkdir $lab/bank0/line$line
  echo $name >$lab/bank0/line$line/name
  line=$((line + 1))
done
mkdir $lab/bank0/line4/hog
echo fan-control >$lab/bank0/line4/hog/name
echo input >$lab/bank0/line4/hog/direction
echo 1 >$lab/live

stty -F /dev/ttyS1 raw -echo 115200
node /lab/guest.mjs
echo "the guest's program ended with $?"
poweroff -f
