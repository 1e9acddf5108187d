import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { type ConnectorOptions, createGuardedConnector, trustOptions } from './guarded-connector.ts';
import { bareHost, type OriginRules } from './origin-rules.ts';
import { type ProxyOptions, proxyFor } from './proxy-rules.ts';

export interface DispatcherOptions extends ConnectorOptions {
  readonly connectionsPerOrigin: number;
  readonly proxy: ProxyOptions;
}

/** Chooses the way to an origin: straight to a checked address, or through the operator's proxy. */
export class Dispatchers {
  private readonly rules: OriginRules;
  private readonly options: DispatcherOptions;
  private readonly direct: Agent;
  private readonly proxies = new Map<string, ProxyAgent>();

  constructor(rules: OriginRules, options: DispatcherOptions) {
    this.rules = rules;
    this.options = options;
    this.direct = new Agent({
      connect: createGuardedConnector(rules, options),
      connections: options.connectionsPerOrigin,
      pipelining: 1,
      allowH2: false,
    });
  }

  /** @throws SourceError `forbidden` for what may not be reached, through a proxy or not. */
  async dispatcherFor(url: URL): Promise<Dispatcher> {
    const proxy = proxyFor(url, this.options.proxy);
    if (proxy === undefined) return this.direct;
    // Connections to the proxy itself are not checked, and plain http is forwarded over them: so the request is.
    if (url.protocol === 'http:' || url.origin === proxy.origin) await this.checkBehindProxy(url);
    let agent = this.proxies.get(proxy.href);
    if (agent === undefined) {
      agent = this.createProxyAgent(proxy);
      this.proxies.set(proxy.href, agent);
    }
    return agent;
  }

  /** Drops every connection, busy ones too: whoever closes has no use for a body any more. */
  async close(): Promise<void> {
    await Promise.all([this.direct.destroy(), ...[...this.proxies.values()].map((agent) => agent.destroy())]);
  }

  private createProxyAgent(proxy: URL): ProxyAgent {
    const { connectTimeout, connectionsPerOrigin, ca } = this.options;
    const tls = { ...trustOptions(ca), timeout: connectTimeout * 1000, allowH2: false };
    return new ProxyAgent({
      uri: proxy.href,
      connections: connectionsPerOrigin,
      pipelining: 1,
      allowH2: false,
      requestTls: tls,
      proxyTls: tls,
      factory: (origin, given: Pool.Options) => {
        const pool = { connections: connectionsPerOrigin, pipelining: 1, ...given };
        // The operator's proxy is taken as it is, wherever it stands.
        const toProxy = new URL(origin).origin === proxy.origin;
        return new Pool(origin, toProxy ? pool : { ...pool, connect: this.checkedTunnel(given) });
      },
    });
  }

  /** A tunnel is opened only after the target's name was resolved and checked here. */
  private checkedTunnel(pool: Pool.Options): Exclude<Pool.Options['connect'], undefined> {
    const connect = pool.connect;
    if (typeof connect !== 'function') throw new TypeError('a proxy pool comes with its connector');
    return (target, callback) => {
      const url = new URL(`${target.protocol}//${target.host ?? target.hostname}`);
      this.checkBehindProxy(url).then(
        () => connect(target, callback),
        (error: Error) => callback(error, null),
      );
    };
  }

  /**
   * A name that is unknown here is left to the proxy: networks that force a proxy often resolve no outside names.
   * Names that only make sense inside a network or a machine are not.
   */
  private async checkBehindProxy(url: URL): Promise<void> {
    this.rules.checkUrl(url);
    try {
      await this.rules.resolve(url);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      const host = bareHost(url).replace(/\.$/, '');
      const inner =
        !host.includes('.') || /\.(?:internal|local|localhost|lan|intranet|corp|home|home\.arpa)$/.test(host);
      if ((code !== 'ENOTFOUND' && code !== 'EAI_AGAIN') || inner) throw error;
    }
  }
}
