import { Hono } from 'hono';
import type { Clock } from '../../clock.ts';
import type { AccessStore, AuditLog, Authenticator, PolicySource } from '../access-ports.ts';
import type { Caller } from '../caller.ts';
import { AccessApi } from './access-api.ts';
import { refusal } from './answers.ts';
import type { CorsRules } from './cors.ts';

/** What the API needs of the outside. */
export interface AccessPorts {
  readonly policies: PolicySource;
  readonly authenticator: Authenticator;
  /** At least one; the primary first. */
  readonly stores: readonly AccessStore[];
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Under which one request is found in audit and logs. */
  newRequestId(): string;
  /** @default no page of another origin may call the API */
  readonly cors?: CorsRules;
}

/** What the shell knows of one request, as the second argument of `fetch`. Never made of what the client sent. */
export interface AccessBindings {
  /** Whom the gateway proved by IAM. Without one, nothing is below `/iam/v1`. */
  readonly awsCaller?: Caller;
  /** The request line's target as sent, where that is known: a URL object has resolved `..` already. */
  readonly target?: string;
  /** @default `newRequestId()` */
  readonly requestId?: string;
}

/**
 * The access API as an HTTP application, for a function and for a server: below `/v1` callers prove themselves by the
 * `Authorization` header, below `/iam/v1` the gateway has. Keeps records of the stores in memory, so make one for the
 * life of a process.
 */
export function accessApp(ports: AccessPorts): Hono<{ Bindings: AccessBindings }> {
  const api = new AccessApi(ports);
  const app = new Hono<{ Bindings: AccessBindings }>();
  app.onError(() => refusal('unavailable'));
  app.all('*', (context) => api.answer(context.req.raw, context.env ?? {}));
  return app;
}
