import type { Context } from 'aws-lambda';
import { type AccessBindings, accessApp } from '../lib/core/access/api/access-app.ts';
import { auditLine } from '../lib/core/access/api/audit-line.ts';
import { awsCaller } from '../lib/core/access/aws-caller.ts';
import { UsageError } from '../lib/core/errors.ts';
import { type AccessEnvironment, readAccessEnvironment } from './runtime/access-environment.ts';
import { handlerFailure, loggedFailure } from './runtime/handler-failure.ts';
import {
  type HttpAnswer,
  type HttpEvent,
  httpAnswer,
  httpEventSchema,
  httpRequest,
  targetOf,
} from './runtime/http-event.ts';
import { type OpenedAccess, openAccess } from './runtime/open-access.ts';
import { textScrubber } from './runtime/text-scrubber.ts';

type AccessContext = Pick<Context, 'awsRequestId'> & Partial<Pick<Context, 'functionName'>>;

interface Api {
  readonly environment: AccessEnvironment;
  readonly access: OpenedAccess;
  answer(request: Request, bindings: AccessBindings): Promise<Response>;
}

/** Routes behind the gateway's IAM authoriser; on no other is it believed who signed. */
const provenRoute = /^[A-Z]+ \/iam\/v1(?:\/|$)/;

let api: Api | undefined;

/** The access API behind API Gateway. Clients and records are kept as long as the function's environment lives. */
export async function handler(event: unknown, context: AccessContext): Promise<HttpAnswer> {
  try {
    api ??= openApi(context.functionName ?? 'access');
    const asked = httpEventSchema.safeParse(event);
    if (!asked.success) throw new UsageError('the event is no request of an HTTP API with payload format 2.0');
    return await answer(api, asked.data);
  } catch (thrown) {
    const scrub = scrubber();
    logError('function', 'the function failed', thrown, context.awsRequestId);
    throw handlerFailure(thrown, scrub);
  }
}

async function answer({ environment, ...opened }: Api, event: HttpEvent): Promise<HttpAnswer> {
  const { requestId, authorizer } = event.requestContext;
  const signedBy = provenRoute.test(event.routeKey) ? authorizer?.iam : undefined;
  const caller = signedBy && awsCaller(signedBy, environment.consumers);
  const bindings = { target: targetOf(event), requestId, ...(caller === undefined ? {} : { awsCaller: caller }) };
  const request = httpRequest(event);
  return await httpAnswer(await opened.answer(request, bindings), request);
}

function openApi(functionName: string): Api {
  const environment = readAccessEnvironment(import.meta.dirname, process.env);
  const access = openAccess(environment, functionName, (error) =>
    logError('policy', 'the policy cannot be read', error),
  );
  const app = accessApp({
    ...access.ports,
    audit: { record: (decision) => log(auditLine(decision)) },
    newRequestId: () => crypto.randomUUID(),
  });
  return { environment, access, answer: async (request, bindings) => await app.fetch(request, bindings) };
}

/** `type` is what filters of the log count by. */
function logError(type: 'policy' | 'function', message: string, error: unknown, request?: string): void {
  const time = new Date().toISOString();
  log(JSON.stringify({ type, level: 'ERROR', time, request, message, error: loggedFailure(error, scrubber()) }));
}

function scrubber() {
  return textScrubber(api?.access.secrets() ?? []);
}

/** Past the console, to which the runtime would add columns of its own. */
function log(line: string): void {
  process.stdout.write(`${line}\n`);
}
