"""Starts the servers, asks muzzle about right and wrong credentials, and compares. Called by ../check-providers."""

import base64
import contextlib
import glob
import json
import os
import pathlib
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
MUZZLE, WORK, SKIPPED = sys.argv[1], pathlib.Path(sys.argv[2]), set(sys.argv[3:])
NAMES = {
    "aws": ["sts.us-east-1.amazonaws.com", "iam.amazonaws.com"],
    "oauth": ["id.acme-lab.io"],
    "npm": ["npm.acme-lab.io"],
    "postgres": ["pg.acme-lab.io"],
    "redis": ["redis.acme-lab.io"],
    "mariadb": ["maria.acme-lab.io"],
}
PORTS = {"postgres": 5432, "redis": 6379, "mariadb": 3306}
# What must not stand in anything that muzzle wrote.
PLANTED = []


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def secret(length=24):
    """Of letters and digits, with both: what a rule takes for a password."""
    value = "k7" + secrets.token_hex(length)[: length - 2]
    PLANTED.append(value)
    return value


def run(*command, check=True, **more):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **more)
    if check and done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


class Tls:
    """A certificate authority, and one certificate for all names."""

    def __init__(self):
        self.ca, self.cert, self.key = (WORK / name for name in ("ca.pem", "server.pem", "server.key"))
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        ca_key, request, extensions = WORK / "ca.key", WORK / "server.csr", WORK / "extensions"
        run("openssl", "req", "-x509", *curve, "-keyout", ca_key, "-out", self.ca, "-days", "2", "-subj",
            "/CN=check-providers", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign")
        run("openssl", "req", *curve, "-keyout", self.key, "-out", request, "-subj", "/CN=server")
        names = ",".join(f"DNS:{name}" for all_names in NAMES.values() for name in all_names)
        extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial",
            "-days", "2", "-extfile", extensions, "-out", self.cert)


class Servers(contextlib.ExitStack):
    """Those that run, and where. All of them end with us."""

    def __init__(self):
        super().__init__()
        self.at = {}

    def start(self, kind, command, at, **more):
        log = open(WORK / f"{kind}.log", "w")
        given = more.pop("given", None)
        server = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, text=True,
                                  stdin=subprocess.PIPE if given else subprocess.DEVNULL, **more)
        self.callback(self.stop, server)
        if given:
            server.stdin.write(given)
            server.stdin.close()
        self.at[kind] = at
        for _ in range(300):
            if server.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", at), 1):
                return
            time.sleep(0.1)
        sys.exit(f"{kind} did not start:\n{(WORK / f'{kind}.log').read_text()[-3000:]}")

    @staticmethod
    def stop(server):
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


TLS, SERVERS = Tls(), Servers()


def configure(kinds):
    """Trusted configuration: each name goes to its server on loopback, and its certificate is believed."""
    lines = ["[network]", f'ca_file = "{TLS.ca}"', 'allow_private = ["127.0.0.0/8"]', "rate = 50.0", "", "[network.hosts]"]
    lines += [f'{key} = ["{NAMES[kind][0]}"]' for kind, key in
              [("oauth", "oauth"), ("npm", "npm"), ("postgres", "postgres"), ("redis", "redis"), ("mariadb", "mysql")]]
    lines += ["", "[network.connect_to]"]
    lines += [f'"{name}:{PORTS.get(kind, 443)}" = "127.0.0.1:{SERVERS.at[kind]}"' for kind in kinds for name in NAMES[kind]]
    lines += ["", "[revoke]", 'allow = ["aws", "npm", "lab-access-token"]', "delete = true", "allow_in_ci = true"]
    lines += ["", "[revoke.responders.scanner]", 'rules = ["lab-access-token"]', 'from_env = "LAB_CLIENT"']
    path = WORK / "muzzle.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


class Muzzle:
    """The program, with configuration and a journal of its own."""

    def __init__(self, config):
        self.config, self.journal = config, WORK / "journal.jsonl"
        home = WORK / "home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        # A responder credential, which configuration names the variable of.
        kept["LAB_CLIENT"] = f"scanner:{SCANNER}"
        self.environment = kept | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home)}
        self.told = []

    def __call__(self, *arguments, given=None, codes=(0,)):
        done = subprocess.run([MUZZLE, *map(str, arguments)], capture_output=True, text=True, input=given,
                              env=self.environment, timeout=120)
        self.told += [done.stdout, done.stderr]
        if done.returncode not in codes:
            sys.exit(f"muzzle {' '.join(map(str, arguments))}: exit {done.returncode}, not one of {codes}\n"
                     f"{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    def ask(self, command, *arguments, given=None, codes=(0,)):
        more = ["--config", self.config, "--journal", self.journal, "--format", "json"]
        done = self(command, *arguments, *more, given=given, codes=codes)
        try:
            return json.loads(done.stdout)
        except ValueError:
            sys.exit(f"muzzle {command} wrote no JSON:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    def verify(self, *arguments, given=None, codes):
        document = self.ask("verify", *arguments, "--yes", given=given, codes=codes)
        return one(document, "verdict")

    def revoke(self, *arguments, codes):
        agreed = ["--yes", "--only", "active", "--acknowledge-host-clean"]
        document = self.ask("revoke", "--wait", "20s", *agreed, *arguments, codes=codes)
        return one(document, "outcome")


def one(document, key):
    """The one object, however deep, that has that key."""
    found = []

    def walk(value):
        if isinstance(value, dict):
            if isinstance(value.get(key), str):
                found.append(value)
            else:
                for inner in value.values():
                    walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)
    if len(found) != 1:
        sys.exit(f"not one {key} but {len(found)}: {json.dumps(document)[:3000]}")
    return found[0]


def expect(what, found, *wanted):
    if found not in wanted:
        sys.exit(f"{what}: {found!r}, not {' or '.join(map(repr, wanted))}")
    print(f"  {what}: {found}", flush=True)


def identity(verdict):
    facts = verdict.get("identity") or []
    return {fact["name"]: fact["value"] for fact in facts} if isinstance(facts, list) else facts


def https(kind, method, path, body=None, headers=None):
    """As a client of the server itself: the status and the reply."""
    name = NAMES[kind][0]
    request = urllib.request.Request(f"https://127.0.0.1:{SERVERS.at[kind]}{path}", body, {"Host": name, **(headers or {})},
                                     method=method)
    context = ssl.create_default_context(cafile=str(TLS.ca))
    context.check_hostname = False
    try:
        with urllib.request.urlopen(request, context=context, timeout=20) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def git(directory, *arguments):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    run("git", "-C", directory, *identity, *arguments)


def repository(name, files, then=None):
    """With these files in its history; `then` takes them out again."""
    directory = WORK / name
    directory.mkdir()
    git(directory, "init", "-q")
    for path, text in files.items():
        (directory / path).write_text(text)
    git(directory, "add", "-A")
    git(directory, "commit", "-qm", "Set up")
    if then:
        for path in files:
            (directory / path).write_text(then)
        git(directory, "commit", "-qam", "Take it out")
    return directory


def start_aws():
    at = port()
    SERVERS.start("aws", [sys.executable, HERE / "moto_server.py", "-H", "127.0.0.1", "-p", at, "-s", "-c", TLS.cert,
                          "-k", TLS.key], at)


def check_aws(muzzle):
    import boto3

    def client(service, key="setup", value="setup"):
        return boto3.client(service, aws_access_key_id=key, aws_secret_access_key=value, region_name="us-east-1",
                            endpoint_url=f"https://localhost:{SERVERS.at['aws']}", verify=False)

    import urllib3
    urllib3.disable_warnings()
    iam = client("iam")

    def user(name, *actions):
        iam.create_user(UserName=name, Path="/teams/")
        statement = {"Effect": "Allow", "Action": list(actions) or ["s3:ListAllMyBuckets"], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        PLANTED.append(key["SecretAccessKey"])
        return key["AccessKeyId"], key["SecretAccessKey"]

    def keys_of(name):
        return [(key["AccessKeyId"], key["Status"]) for key in admin.list_access_keys(UserName=name)["AccessKeyMetadata"]]

    own = user("ci-bot", "iam:UpdateAccessKey", "iam:DeleteAccessKey")
    gone = user("old-bot", "iam:UpdateAccessKey", "iam:DeleteAccessKey")
    weak = user("weak-bot")
    admin_pair = user("admin", "iam:*")
    # From here on signatures and permissions count.
    status, _ = https("aws", "POST", "/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
    expect("AWS: permissions are switched on", status, 200)
    admin = client("iam", *admin_pair)

    def leaked(name, pair):
        text = f"aws_access_key_id = {pair[0]}\naws_secret_access_key = {pair[1]}\n"
        return repository(name, {"settings.ini": f"[default]\n{text}"}, then="[default]\n")

    only = ["--rule", "aws-secret-access-key", "--rule", "aws-access-key-id"]
    repo = leaked("aws-own", own)
    planned = muzzle("verify", repo, *only, "--plan", "--config", muzzle.config).stdout
    expect("AWS: the plan names STS", "sts.us-east-1.amazonaws.com" in planned, True)
    verdict = muzzle.verify(repo, *only, codes=(1,))
    expect("AWS: a pair out of the history", verdict["verdict"], "live")
    expect("AWS: its account", identity(verdict)["account"], "123456789012")
    expect("AWS: its user", identity(verdict)["user"], "ci-bot")
    planned = muzzle("revoke", repo, *only, "--plan", "--config", muzzle.config, "--journal", muzzle.journal).stdout
    expect("AWS: the plan switches it off", "Status=Inactive" in planned, True)
    expect("AWS: a plan changes nothing", keys_of("ci-bot"), [(own[0], "Active")])
    outcome = muzzle.revoke(repo, *only, codes=(0,))
    expect("AWS: switched off, and seen dead", outcome["outcome"], "confirmed")
    expect("AWS: as its administrator sees it", keys_of("ci-bot"), [(own[0], "Inactive")])
    before = len(requests("aws"))
    outcome = muzzle.revoke(repo, *only, codes=(0,))
    expect("AWS: the same again", outcome["outcome"], "already_dead")
    expect("AWS: with how many requests", len(requests("aws")) - before, 1)
    verdict = muzzle.verify(repo, *only, codes=(0,))
    expect("AWS: asked again", verdict["verdict"], "dead")

    outcome = muzzle.revoke(leaked("aws-gone", gone), *only, "--delete", codes=(0,))
    expect("AWS: deleted on request", outcome["outcome"], "confirmed")
    expect("AWS: as its administrator sees it", keys_of("old-bot"), [])
    outcome = muzzle.revoke(leaked("aws-weak", weak), *only, codes=(30,))
    expect("AWS: a key without the right", outcome["outcome"], "not_authorised")
    expect("AWS: stays as it is", keys_of("weak-bot"), [(weak[0], "Active")])
    PLANTED.append(wrong := base64.b64encode(secrets.token_bytes(30)).decode())
    verdict = muzzle.verify(leaked("aws-wrong", (weak[0], wrong)), *only, codes=(3,))
    expect("AWS: the secret of another key", verdict["verdict"], "ambiguous")


def requests(kind):
    """What its log says was asked."""
    return [line for line in (WORK / f"{kind}.log").read_text().splitlines() if "POST / HTTP" in line]


APP, SCANNER = secret(), secret()


def start_oauth():
    at = port()
    command = ["node", WORK / "node/oidc.mjs", at, TLS.cert, TLS.key, f"https://{NAMES['oauth'][0]}"]
    SERVERS.start("oauth", command, at, given=f"{APP}\n{SCANNER}\n")


RULE = r"""
[[rules]]
id          = "lab-access-token"
name        = "Access token of the lab's issuer"
description = "Whatever its client may."
severity    = "high"
confidence  = "high"
keywords    = ["lab_token"]
regex       = '''lab_token=(?<secret>[A-Za-z0-9_-]{43})(?:[^A-Za-z0-9_-]|$)'''
remediation = "Revoke it."

[rules.verify]
trust  = "V"
module = "oauth"

[rules.revoke]
class      = "responder"
trust      = "V"
module     = "oauth"
idempotent = true

[rules.examples]
match  = ["lab_token={{[A-Za-z0-9_-]{43}}}", "&lab_token={{[A-Za-z0-9_-]{43}}}&"]
reject = ["lab_token={{[A-Za-z0-9_-]{20}}}", "lab={{[A-Za-z0-9_-]{43}}}"]
"""


def check_oauth(muzzle):
    login = base64.b64encode(f"app:{APP}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/x-www-form-urlencoded"}
    status, reply = https("oauth", "POST", "/token", b"grant_type=client_credentials", headers)
    expect("OAuth: a token is given out", status, 200)
    token = json.loads(reply)["access_token"]
    PLANTED.append(token)
    rules = WORK / "lab-rules.toml"
    rules.write_text(RULE)
    with open(muzzle.config, "a") as config:
        config.write(f'\n[network.values.lab-access-token]\nissuer = "https://{NAMES["oauth"][0]}"\n'
                     f'client_id = "scanner"\nclient_secret = "{SCANNER}"\n')
    # The configuration holds the client's secret, so that nobody else may read it.
    os.chmod(muzzle.config, 0o600)
    only = ["--rules", rules, "--rule", "lab-access-token"]
    PLANTED.append(junk := secrets.token_urlsafe(32))
    repo = repository("oauth", {"env": f"lab_token={token}\n"})
    other = repository("oauth-junk", {"env": f"lab_token={junk}\n"})
    verdict = muzzle.verify(repo, *only, codes=(1,))
    expect("OAuth: introspected (RFC 7662)", verdict["verdict"], "live")
    expect("OAuth: whose it is", identity(verdict)["client"], "app")
    verdict = muzzle.verify(other, *only, codes=(0,))
    expect("OAuth: one that was never given out", verdict["verdict"], "dead")
    outcome = muzzle.revoke(repo, *only, codes=(0,))
    expect("OAuth: revoked (RFC 7009), and seen dead", outcome["outcome"], "confirmed")
    verdict = muzzle.verify(repo, *only, codes=(0,))
    expect("OAuth: asked again", verdict["verdict"], "dead")


def start_npm():
    at = port()
    directory = WORK / "verdaccio"
    directory.mkdir()
    config = {
        "storage": str(directory / "storage"),
        "auth": {"htpasswd": {"file": str(directory / "htpasswd"), "algorithm": "bcrypt", "rounds": 4}},
        "security": {"api": {"jwt": {"sign": {"expiresIn": "1h"}}}},
        "packages": {"**": {"access": "$all", "publish": "$authenticated"}},
        "https": {"key": str(TLS.key), "cert": str(TLS.cert), "ca": str(TLS.ca)},
        "log": {"type": "stdout", "format": "json", "level": "http"},
    }
    # JSON is YAML.
    (directory / "config.yaml").write_text(json.dumps(config))
    script = WORK / "node/node_modules/verdaccio/bin/verdaccio"
    SERVERS.start("npm", ["node", script, "--config", directory / "config.yaml", "--listen", f"https://127.0.0.1:{at}/"], at)


def check_npm(muzzle):
    host, password = NAMES["npm"][0], secret()
    kind = {"Content-Type": "application/json"}
    name = {"name": "bo", "password": password, "_id": "org.couchdb.user:bo", "type": "user", "roles": []}
    status, reply = https("npm", "PUT", "/-/user/org.couchdb.user:bo", json.dumps(name).encode(), kind)
    expect("npm: an account is made", status, 201)
    signed = kind | {"Authorization": f"Bearer {json.loads(reply)['token']}"}
    PLANTED.append(json.loads(reply)["token"])
    body = json.dumps({"password": password, "readonly": False, "cidr_whitelist": []}).encode()
    tokens = [json.loads(https("npm", "POST", "/-/npm/v1/tokens", body, signed)[1]) for _ in range(2)]
    PLANTED.extend(token["token"] for token in tokens)
    leaked = tokens[0]["token"]
    repo = repository("npm", {".npmrc": f"//{host}/:_authToken={leaked}\n"})
    only = ["--rule", "npm-registry-auth-token"]
    verdict = muzzle.verify(repo, *only, codes=(1,))
    expect("npm: the token of an .npmrc", verdict["verdict"], "live")
    expect("npm: whose it is", identity(verdict)["user"], "bo")
    elsewhere = repository("npm-elsewhere", {".npmrc": f"//npm.other-lab.io/:_authToken={leaked}\n"})
    verdict = muzzle.verify(elsewhere, *only, codes=(3,))
    expect("npm: beside a registry that is not listed", verdict["verdict"], "not_attempted")
    # This registry answers 403 to a token that was deleted, and to one that comes from the wrong address: that is no proof.
    outcome = muzzle.revoke(repo, *only, codes=(10,))
    expect("npm: deleted", outcome["outcome"], "accepted")
    listed = json.loads(https("npm", "GET", "/-/npm/v1/tokens", None, signed)[1])["objects"]
    expect("npm: which tokens are left", [token["key"] for token in listed], [tokens[1]["key"]])
    status, _ = https("npm", "GET", "/-/whoami", None, {"Authorization": f"Bearer {leaked}"})
    expect("npm: what the registry says to it now", status, 401, 403)


def debian(pattern):
    found = sorted(glob.glob(pattern))
    return found[-1] if found else sys.exit(f"there is no {pattern}")


def as_user(name):
    """The databases do not run as root."""
    return ["runuser", "-u", name, "--"] if os.getuid() == 0 else []


def own(directory, name):
    """Certificates that a database's own user may read."""
    directory.mkdir()
    for file in (TLS.cert, TLS.key, TLS.ca):
        shutil.copy(file, directory)
    os.chmod(directory / TLS.key.name, 0o600)
    if os.getuid() == 0:
        os.chmod(WORK, 0o711)
        run("chown", "-R", name, directory)


def check_log_in(muzzle, kind, url, wrong, rule):
    """The right password, a wrong one, and what a scan makes of an URL in a file."""
    for what, text, verdict, code in [("the right password", url, "live", 1), ("a wrong one", wrong, "dead", 0)]:
        name = f"{kind}-{rule}-{verdict}-{secrets.token_hex(3)}"
        repo = repository(name, {"settings.env": f"SERVICE_URL={text}\n"})
        found = muzzle.verify(repo, "--rule", rule, "--intrusive", codes=(code,))
        expect(f"{kind}: {what}", found["verdict"], verdict)
    return repo


def start_postgres():
    at, directory = port(), WORK / "pg"
    own(directory, "postgres")
    binaries, user = debian("/usr/lib/postgresql/*/bin"), as_user("postgres")
    data = directory / "data"
    run(*user, f"{binaries}/initdb", "-D", data, "-A", "trust", "--no-sync", "-U", "postgres", cwd="/")
    start_postgres.passwords = {name: secret() for name in ("scram", "digest", "plain")}
    SERVERS.start("postgres", [*user, f"{binaries}/postgres", "-D", data, "-p", at, "-c", "listen_addresses=127.0.0.1",
                               "-k", directory, "-c", "ssl=on", "-c", f"ssl_cert_file={directory / TLS.cert.name}",
                               "-c", f"ssl_key_file={directory / TLS.key.name}", "-c", "fsync=off"], at, cwd="/")
    kinds = {"scram": "scram-sha-256", "digest": "md5", "plain": "scram-sha-256"}
    for name, password in start_postgres.passwords.items():
        sql = f"SET password_encryption = '{kinds[name]}'; CREATE ROLE {name} LOGIN PASSWORD '{password}'"
        for _ in range(50):
            done = run(*user, "psql", "-h", directory, "-p", at, "-U", "postgres", "-qc", sql, check=False, cwd="/")
            if done.returncode == 0:
                break
            time.sleep(0.1)
        else:
            sys.exit(f"psql: {done.stderr}")
    rules = ["local all all trust", "hostssl all plain all password", "hostssl all scram all scram-sha-256",
             "hostssl all digest all md5", "host all nobody all trust"]
    (data / "pg_hba.conf").write_text("\n".join(rules) + "\n")
    sql = "CREATE ROLE nobody LOGIN"
    run(*user, "psql", "-h", directory, "-p", at, "-U", "postgres", "-qc", sql, "-c", "SELECT pg_reload_conf()", cwd="/")


def check_postgres(muzzle):
    host = NAMES["postgres"][0]
    for name, password in start_postgres.passwords.items():
        url = f"postgres://{name}:" + f"{password}@{host}/postgres"
        repo = check_log_in(muzzle, f"PostgreSQL, {name}", url, url.replace(password, secret()), "postgres-url")
    limited = repository("pg-limited", {"e.env": f"U=postgres://{name}:" + f"{password}@{host}/nowhere\n"})
    found = muzzle.verify(limited, "--rule", "postgres-url", "--intrusive", codes=(1,))
    expect("PostgreSQL: no such database", found["verdict"], "live_limited")
    trusted = repository("pg-trusted", {"e.env": "U=postgres://nobody:" + f"{secret()}@{host}/postgres\n"})
    found = muzzle.verify(trusted, "--rule", "postgres-url", "--intrusive", codes=(3,))
    expect("PostgreSQL: a user without a password", found["verdict"], "ambiguous")
    found = muzzle.verify(repo, "--rule", "postgres-url", codes=(3,))
    expect("PostgreSQL: without --intrusive", found["verdict"], "not_attempted")


def start_redis():
    at, directory = port(), WORK / "redis"
    directory.mkdir()
    start_redis.passwords = {name: secret() for name in ("", "app")}
    (directory / "redis.conf").write_text("\n".join([
        "port 0", f"tls-port {at}", "bind 127.0.0.1", f"dir {directory}", 'save ""', "tls-auth-clients no",
        f"tls-cert-file {TLS.cert}", f"tls-key-file {TLS.key}", f"tls-ca-cert-file {TLS.ca}",
        f"requirepass {start_redis.passwords['']}", f"user app on >{start_redis.passwords['app']} ~* +@read", ""]))
    os.chmod(directory / "redis.conf", 0o600)
    SERVERS.start("redis", ["redis-server", directory / "redis.conf"], at)


def check_redis(muzzle):
    for name, password in start_redis.passwords.items():
        url = f"rediss://{name}:" + f"{password}@{NAMES['redis'][0]}/0"
        check_log_in(muzzle, f"Redis, {name or 'default'}", url, url.replace(password, secret()), "redis-url")


def start_mariadb():
    at, directory = port(), WORK / "maria"
    own(directory, "mysql")
    data, user = directory / "data", as_user("mysql")
    run(*user, "mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-name-resolve",
        "--auth-root-authentication-method=normal", cwd="/")
    start_mariadb.password = secret()
    setup = directory / "setup.sql"
    setup.write_text(f"CREATE USER app IDENTIFIED VIA mysql_native_password USING PASSWORD('{start_mariadb.password}');\n"
                     "CREATE DATABASE orders;\nGRANT SELECT ON orders.* TO app;\n")
    os.chmod(setup, 0o600)
    if os.getuid() == 0:
        run("chown", "mysql", setup)
    files = [f"--ssl-cert={directory / TLS.cert.name}", f"--ssl-key={directory / TLS.key.name}",
             f"--ssl-ca={directory / TLS.ca.name}"]
    SERVERS.start("mariadb", [*user, shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin"), "--no-defaults",
                              f"--datadir={data}", f"--port={at}", "--bind-address=127.0.0.1", "--skip-name-resolve",
                              f"--socket={directory}/s", f"--pid-file={directory}/pid", f"--init-file={setup}",
                              "--require-secure-transport=ON", *files], at, cwd="/")


def check_mariadb(muzzle):
    password, host = start_mariadb.password, NAMES["mariadb"][0]
    url = "mysql://app:" + f"{password}@{host}/orders"
    check_log_in(muzzle, "MariaDB", url, url.replace(password, secret()), "mysql-url")
    limited = repository("maria-limited", {"e.env": f"U={url.replace('/orders', '/other')}\n"})
    found = muzzle.verify(limited, "--rule", "mysql-url", "--intrusive", codes=(1,))
    expect("MariaDB: a database that the user may not use", found["verdict"], "live_limited")


def no_secret_anywhere(muzzle):
    """In what muzzle wrote: to us, to the journal, into its folders."""
    texts = {"output": "".join(muzzle.told), "journal": muzzle.journal.read_text()}
    for path in (WORK / "home").rglob("*"):
        if path.is_file():
            texts[str(path)] = path.read_bytes().decode(errors="replace")
    for where, text in texts.items():
        for number, planted in enumerate(PLANTED):
            if planted in text:
                sys.exit(f"planted secret {number} stands in {where}")
    print(f"  none of {len(PLANTED)} secrets in output, journal and state", flush=True)


CHECKS = {
    "aws": (start_aws, check_aws),
    "oauth": (start_oauth, check_oauth),
    "npm": (start_npm, check_npm),
    "postgres": (start_postgres, check_postgres),
    "redis": (start_redis, check_redis),
    "mariadb": (start_mariadb, check_mariadb),
}

unknown = SKIPPED - CHECKS.keys()
if unknown:
    sys.exit(f"--skip knows {', '.join(CHECKS)}; not {', '.join(sorted(unknown))}")
kinds = [kind for kind in CHECKS if kind not in SKIPPED]
with SERVERS:
    for kind in kinds:
        CHECKS[kind][0]()
    muzzle = Muzzle(configure(kinds))
    for kind in kinds:
        CHECKS[kind][1](muzzle)
    muzzle("audit", "verify", "--journal", muzzle.journal)
    print("  the journal is whole", flush=True)
    no_secret_anywhere(muzzle)
print("check-providers: " + ", ".join(kinds) + (f"; skipped: {', '.join(sorted(SKIPPED))}" if SKIPPED else ""))
