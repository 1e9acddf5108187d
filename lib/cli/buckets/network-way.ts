import type { AgentOptions } from 'node:https';
import type { Dispatcher } from 'undici';
import { trustOptions } from '../../core/http/guarded-connector.ts';
import { proxyFor } from '../../core/http/proxy-rules.ts';
import type { Environment } from '../environment.ts';
import { readCertificates } from '../read-certificates.ts';
import type { CertificateFile } from '../variables.ts';

/** How the clients of buckets get to their server: through the operator's proxy or straight, trusting whom. */
export interface NetworkWay {
  readonly proxy: URL | undefined;
  /** All trusted certificates; absent: Node's own list. */
  readonly ca?: readonly string[];
}

/**
 * By the same rules as every other request: `NO_PROXY` is honoured, and this machine's own servers are asked straight.
 * @param more certificate files beside those that hold for every request
 * @throws UsageError naming the variable whose certificate file cannot be read.
 */
export async function networkWay(
  server: URL,
  environment: Environment,
  more: readonly CertificateFile[] = [],
): Promise<NetworkWay> {
  const { httpsProxy, httpProxy, noProxy, caFiles } = environment;
  const certificates = await Promise.all([...caFiles, ...more].map(readCertificates));
  return {
    proxy: proxyFor(server, { https: httpsProxy, http: httpProxy, noProxy }),
    ...trustOptions(certificates),
  };
}

/** For clients on `node:http` and `node:https`. */
export function agentOptions({ proxy, ca }: NetworkWay): AgentOptions {
  return {
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...(proxy === undefined ? {} : { proxyEnv: { HTTPS_PROXY: proxy.href, HTTP_PROXY: proxy.href } }),
  };
}

/** For clients on undici. */
export async function dispatcherFor({ proxy, ca }: NetworkWay, connections: number): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  const tls = { ...(ca === undefined ? {} : { ca: [...ca] }), allowH2: false };
  const pool = { connections, pipelining: 1, allowH2: false };
  if (proxy === undefined) return new Agent({ ...pool, connect: tls });
  return new ProxyAgent({ ...pool, uri: proxy.href, requestTls: tls, proxyTls: tls });
}
