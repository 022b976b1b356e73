#!/bin/busybox sh
# The first process of the small Linux guest: what cloud-init does on a large one, as far as a demonstration needs it.
# It says each thing on the console in a line that begins with "simnova:".
/bin/busybox mkdir -p /usr/bin /usr/sbin /sbin /dev /proc /sys /tmp /run /mnt /root/.ssh /etc/dropbear
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
mkdir -p /dev/pts; mount -t devpts pts /dev/pts
exec </dev/console >/dev/console 2>&1
chmod 700 /root /root/.ssh
say() { echo "simnova: $*"; }

while read -r module; do insmod "/lib/modules/$module" 2>/dev/null; done </lib/modules/order
ip link set lo up
mkdir -p /etc/acpi/PWRF
printf '#!/bin/sh\necho "simnova: the power button" >/dev/console\npoweroff -f\n' >/etc/acpi/PWRF/00000080
chmod +x /etc/acpi/PWRF/00000080
(i=0; while [ $i -lt 20 ]; do ls /dev/input/event* >/dev/null 2>&1 && exec acpid -d; sleep 0.1; i=$((i + 1)); done) >/dev/null 2>&1 &

# --- the network: every card by DHCP, the first one's answer is waited for ---
for card in /sys/class/net/eth*; do
  [ -e "$card" ] || continue
  card=${card##*/}
  ip link set "$card" up
  udhcpc -i "$card" -n -q -t 5 -T 1 -s /usr/share/udhcpc/default.script >/tmp/udhcpc.log 2>&1
  address=$(ip -4 -o addr show "$card" | awk '{print $4}')
  say "$card $(cat /sys/class/net/"$card"/address) ${address:-has no address}"
done

# --- metadata: from the config drive where there is one, else from the service ---
get() {
  if [ -d /mnt/openstack ]; then cat "/mnt/openstack/latest/$1" 2>/dev/null
  else timeout 20 wget -q -O - "http://169.254.169.254/openstack/latest/$1" 2>/dev/null; fi
}
for drive in /dev/sr0 /dev/vdb /dev/vdc; do
  [ -b "$drive" ] || continue
  mount -o ro -t iso9660 "$drive" /mnt 2>/dev/null || mount -o ro -t vfat "$drive" /mnt 2>/dev/null || continue
  [ -d /mnt/openstack ] && say "config drive $drive" && break
  umount /mnt
done
for try in 1 2 3; do
  get meta_data.json >/tmp/meta_data.json && [ -s /tmp/meta_data.json ] && break
  [ "$try" = 3 ] || sleep 1
done
if [ -s /tmp/meta_data.json ]; then say "metadata $(sed 's/"random_seed": "[^"]*"/"random_seed": "..."/' /tmp/meta_data.json)"
else say "no metadata"; fi
name=$(sed -n 's/.*"hostname": "\([^".]*\).*/\1/p' /tmp/meta_data.json 2>/dev/null)
hostname "${name:-simnova}"
sed -n 's/.*"data": "\(ssh-[^"]*\|ecdsa-[^"]*\)".*/\1/p' /tmp/meta_data.json >/root/.ssh/authorized_keys 2>/dev/null
chmod 600 /root/.ssh/authorized_keys
[ -s /root/.ssh/authorized_keys ] && say "key $(cut -c1-40 /root/.ssh/authorized_keys)"
[ -x /usr/sbin/dropbear ] && /usr/sbin/dropbear -R -s && say "ssh"
if get user_data >/tmp/user_data && [ "$(head -c2 /tmp/user_data)" = '#!' ]; then
  chmod +x /tmp/user_data
  say "user data"
  /tmp/user_data
  say "user data ended with $?"
fi

say "up after $(cut -d' ' -f1 /proc/uptime) s"
while :; do
  printf '\n%s login: ' "$(hostname)"
  setsid cttyhack sh -c 'read -r user; exec sh -i'
done
