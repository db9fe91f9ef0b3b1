#!/bin/sh
# Stands in for a server that cannot start.
echo 'error: the port is in use' >&2
exit 1
