import { NotAuthorised, WeighbridgeError } from '../../errors.ts';
import { hideUrlSecrets } from '../../scrub.ts';
import type { AccessPolicy } from '../access-policy.ts';
import type { AccessAction } from '../access-ports.ts';
import { type Caller, callerText } from '../caller.ts';
import type { AccessBindings, AccessPorts } from './access-app.ts';
import { type AccessRoute, accessRoute, methodsOf, type RoutedRequest } from './access-route.ts';
import { answerFile } from './answer-file.ts';
import { answerRecord } from './answer-record.ts';
import { answerRegistry } from './answer-registry.ts';
import { answerUrls } from './answer-urls.ts';
import { answer, jsonAnswer, refusal } from './answers.ts';
import { corsHeaders, preflight } from './cors.ts';
import { openApiText } from './open-api-text.ts';
import { Places } from './places.ts';
import { denied, type Ruled } from './ruling.ts';

/** Where there is no policy, nobody may do anything. */
const nobody: AccessPolicy = { issuers: {}, principals: {}, grants: [] };

/**
 * Sees every request through: who asks, what the policy says, what the store has, one decision for the audit. Health,
 * the OpenAPI document and methods that a route does not take need no decision. What the audit cannot be told is not done.
 */
export class AccessApi {
  readonly #ports: AccessPorts;
  readonly #places: Places;

  constructor(ports: AccessPorts) {
    this.#ports = ports;
    this.#places = new Places(ports.stores, ports.clock);
  }

  async answer(request: Request, bindings: AccessBindings): Promise<Response> {
    const response = preflight(this.#ports.cors, request) ?? (await this.#route(request, bindings));
    const headers = corsHeaders(this.#ports.cors, request.headers.get('origin') ?? undefined);
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  }

  async #route(request: Request, bindings: AccessBindings): Promise<Response> {
    const routed = accessRoute(bindings.target ?? request.url);
    if (routed === undefined) return refusal('notFound');
    const methods = methodsOf(routed.route.kind);
    if (!methods.includes(request.method)) return refusal('methodNotAllowed', { allow: methods.join(', ') });
    if (routed.route.kind === 'health') return await this.#health();
    if (routed.route.kind === 'openapi') return answer(200, openApiText, { 'content-type': 'application/json' });
    const about = { caller: undefined as Caller | undefined };
    let ruled: Ruled;
    try {
      ruled = await this.#rule(request, routed, bindings, about);
    } catch (error) {
      ruled = failed(error);
    }
    this.#ports.audit.record({
      time: this.#ports.clock.now(),
      request: bindings.requestId ?? this.#ports.newRequestId(),
      who: about.caller === undefined ? null : callerText(about.caller),
      action: actionOf(routed.route, request.method),
      collection: null,
      version: null,
      file: null,
      ...ruled.ruling,
    });
    return ruled.response;
  }

  async #rule(
    request: Request,
    { realm, route, query }: RoutedRequest,
    bindings: AccessBindings,
    about: { caller: Caller | undefined },
  ): Promise<Ruled> {
    const policy = (await this.#ports.policies.current())?.policy ?? nobody;
    const caller = realm === 'aws' ? bindings.awsCaller : await this.#authenticate(request, policy);
    if (caller === undefined) return unauthenticated('notFound', 'no principal of AWS');
    if ('response' in caller) return caller;
    about.caller = caller;
    const proven = { request, caller, policy, query };
    switch (route.kind) {
      case 'registry':
        return await answerRegistry(proven, this.#places);
      case 'record':
        return await answerRecord(proven, route, this.#places);
      case 'file':
        return await answerFile(proven, route, this.#places, this.#ports.clock);
      case 'urls':
        return await answerUrls(proven, this.#places, this.#ports.clock);
      default:
        return denied('no release could have this name');
    }
  }

  async #authenticate(request: Request, policy: AccessPolicy): Promise<Caller | Ruled> {
    try {
      const authorization = request.headers.get('authorization') ?? undefined;
      return await this.#ports.authenticator.authenticate(authorization, policy);
    } catch (error) {
      if (!(error instanceof NotAuthorised)) throw error;
      const { reason } = error.evidence;
      return unauthenticated('unauthenticated', typeof reason === 'string' ? reason : 'no good credential');
    }
  }

  /** @returns 503 where nobody can say what the policy is, since nothing would be granted */
  async #health(): Promise<Response> {
    const ok = await this.#ports.policies.current().then(
      () => true,
      () => false,
    );
    return jsonAnswer(ok ? 200 : 503, { service: 'weighbridge-access', api: 1, ok });
  }
}

function unauthenticated(kind: 'unauthenticated' | 'notFound', reason: string): Ruled {
  return { response: refusal(kind), ruling: { outcome: 'unauthenticated', rule: null, reason } };
}

/** Messages of this program's own errors hold no secret; of others only the name is told. */
function failed(error: unknown): Ruled {
  const reason =
    error instanceof WeighbridgeError
      ? `${error.name}: ${hideUrlSecrets(error.message).slice(0, 300)}`
      : `unexpected ${error instanceof Error ? error.name : typeof error}`;
  const wait = error instanceof WeighbridgeError ? error.retryAfter : undefined;
  const headers = wait === undefined ? {} : { 'retry-after': String(Math.min(60, Math.max(1, Math.ceil(wait)))) };
  return { response: refusal('unavailable', headers), ruling: { outcome: 'failed', rule: null, reason } };
}

function actionOf(route: AccessRoute, method: string): AccessAction {
  switch (route.kind) {
    case 'registry':
    case 'urls':
      return route.kind;
    case 'record':
      return 'release';
    default:
      return method === 'HEAD' ? 'head' : 'url';
  }
}
