import type { HttpClientOptions } from '../core/http/create-http-client.ts';
import { type Credential, gitHubCredential, huggingFaceCredential } from '../core/http/credential.ts';
import type { Configuration, ConfiguredCredential } from './configuration.ts';
import type { Environment } from './environment.ts';
import { packageVersion } from './package-version.ts';
import { readCertificates } from './read-certificates.ts';

/**
 * What the HTTP client is made of: the operator's environment and configuration.
 * @param typedOrigin one more origin that is trusted
 * @param onReceived called with the count of bytes of every piece that arrived
 * @throws UsageError naming a variable whose certificate file cannot be read, or whose credential no header can hold.
 */
export async function httpOptions(
  environment: Environment,
  configuration: Configuration,
  typedOrigin: string | undefined,
  onReceived: (bytes: number) => void,
): Promise<HttpClientOptions> {
  const { hfToken, hfEndpoint, githubToken, githubApiUrl } = environment;
  // Endpoints that the operator sets are taken as they are, also in plain http and at private addresses.
  const trustedOrigins = [...configuration.trustedOrigins, hfEndpoint.origin, githubApiUrl.origin];
  return {
    userAgent: `weighbridge/${packageVersion()}`,
    trustedOrigins: [...trustedOrigins, ...(typedOrigin === undefined ? [] : sameServer(typedOrigin))],
    credentials: [
      ...(hfToken === undefined ? [] : [huggingFaceCredential(hfToken, hfEndpoint)]),
      ...(githubToken === undefined ? [] : [gitHubCredential(githubToken, githubApiUrl)]),
      ...configuration.credentials.flatMap((one) => configuredCredential(one, environment)),
    ],
    proxy: { https: environment.httpsProxy, http: environment.httpProxy, noProxy: environment.noProxy },
    ca: await Promise.all(environment.caFiles.map(readCertificates)),
    onReceived,
  };
}

/** This machine has several names, and `serve` signs URLs by another one than it is asked by. */
function sameServer(origin: string): readonly string[] {
  const { protocol, hostname, port } = new URL(origin);
  const names = ['localhost', '127.0.0.1', '[::1]'];
  if (!names.includes(hostname)) return [origin];
  return names.map((name) => new URL(`${protocol}//${name}:${port}`).origin);
}

/** None where its variable is unset: who needs it says so, and nobody else is kept from working. */
function configuredCredential(written: ConfiguredCredential, environment: Environment): Credential[] {
  const { origin, header, scheme, variable } = written;
  const value = environment.credential(variable);
  if (value === undefined) return [];
  return [{ origins: [origin], headers: { [header]: scheme === undefined ? value : `${scheme} ${value}` } }];
}
