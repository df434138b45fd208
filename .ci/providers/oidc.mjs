// An OpenID provider with introspection (RFC 7662) and revocation (RFC 7009). Two clients that log in with a secret.
// Arguments: the port, the certificate, its key, the issuer. The clients' secrets come on standard input, one a line.
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [port, cert, key, issuer] = process.argv.slice(2);
const [appSecret, scannerSecret] = readFileSync(0, 'utf8').split('\n');
const client = (client_id, client_secret) => ({
  client_id,
  client_secret,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'client_secret_basic',
});
const provider = new Provider(issuer, {
  clients: [client('app', appSecret), client('scanner', scannerSecret)],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: async () => true },
    revocation: { enabled: true, allowedPolicy: async () => true },
  },
});
const options = { cert: readFileSync(cert), key: readFileSync(key) };
createServer(options, provider.callback()).listen(Number(port), '127.0.0.1');
