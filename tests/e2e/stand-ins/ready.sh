#!/bin/sh
# Stands in for a server that starts: counts its runs in its working folder and says that it is ready.
echo run >>runs
echo "ready: sip udp/tcp $7"
exec sleep 60
