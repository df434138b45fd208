"""moto's server, with one thing that AWS does and moto does not: an inactive key is unknown to every service."""

import sys

from moto import server
from moto.iam import access_control

original = access_control.IAMUserAccessKey.__init__


def only_active(self, account_id, partition, access_key_id, headers):
    original(self, account_id, partition, access_key_id, headers)
    for user in self.backend.list_users("/", None, None):
        for key in user.access_keys:
            if key.access_key_id == access_key_id and key.status != "Active":
                raise access_control.CreateAccessKeyFailure(reason="InvalidId")


access_control.IAMUserAccessKey.__init__ = only_active
server.main(sys.argv[1:])
