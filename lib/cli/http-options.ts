import { readFile } from 'node:fs/promises';
import { UsageError } from '../core/errors.ts';
import type { HttpClientOptions } from '../core/http/create-http-client.ts';
import { gitHubCredential, huggingFaceCredential } from '../core/http/credential.ts';
import { collectReceived } from './collect-received.ts';
import type { Configuration } from './configuration.ts';
import type { CertificateFile, Environment } from './environment.ts';
import { packageVersion } from './package-version.ts';

/**
 * What the HTTP client is made of: the operator's environment and configuration.
 * @param typedOrigin one more origin that is trusted
 * @throws UsageError naming the variable whose certificate file cannot be read.
 */
export async function httpOptions(
  environment: Environment,
  configuration: Configuration,
  typedOrigin: string | undefined,
): Promise<HttpClientOptions> {
  const { hfToken, hfEndpoint, githubToken, githubApiUrl } = environment;
  // Endpoints that the operator sets are taken as they are, also in plain http and at private addresses.
  const trustedOrigins = [...configuration.trustedOrigins, hfEndpoint.origin, githubApiUrl.origin];
  return {
    userAgent: `weighbridge/${packageVersion()}`,
    trustedOrigins: typedOrigin === undefined ? trustedOrigins : [...trustedOrigins, typedOrigin],
    credentials: [
      ...(hfToken === undefined ? [] : [huggingFaceCredential(hfToken, hfEndpoint)]),
      ...(githubToken === undefined ? [] : [gitHubCredential(githubToken, githubApiUrl)]),
    ],
    proxy: { https: environment.httpsProxy, http: environment.httpProxy, noProxy: environment.noProxy },
    ca: await Promise.all(environment.caFiles.map(readCertificates)),
    onReceived: collectReceived(),
  };
}

async function readCertificates({ variable, path }: CertificateFile): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`cannot read the file that ${variable} names`, {
      cause,
      hint: `Correct or unset ${variable}.`,
    });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----') || text.includes('-----BEGIN TRUSTED CERTIFICATE-----')) return text;
  throw new UsageError(`the file that ${variable} names holds no PEM certificate`, {
    hint: `Correct or unset ${variable}.`,
  });
}
