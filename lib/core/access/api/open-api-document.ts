import * as z from 'zod';
import { registrySchema, releaseSchema } from '../../registry/records.ts';
import { apiErrorSchema, healthSchema, urlsAnswerSchema, urlsRequestSchema } from '../wire.ts';
import { apiRoutes } from './access-route.ts';
import { operations } from './open-api-operations.ts';

/** Schemas that the document names, by the name that it gives them. */
const schemas = {
  ApiError: [apiErrorSchema, 'output'],
  Health: [healthSchema, 'output'],
  Registry: [registrySchema, 'output'],
  Release: [releaseSchema, 'output'],
  UrlsRequest: [urlsRequestSchema, 'input'],
  UrlsAnswer: [urlsAnswerSchema, 'output'],
} as const satisfies Record<string, readonly [z.ZodType, 'input' | 'output']>;

/**
 * The OpenAPI 3.1 document of the API, from the schemas that requests are parsed by and the routes that are answered.
 * Made when the project is built; the application serves what was made.
 */
export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { path, methods } of apiRoutes) {
    paths[path] = Object.fromEntries(methods.map((method) => [method.toLowerCase(), operationOf(method, path)]));
  }
  return {
    openapi: '3.1.1',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Weighbridge access API',
      version: '1',
      description:
        'Hands out short-lived URLs of private model weights. What a caller may not see and what does not exist are answered alike.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: '/v1', description: 'For OIDC tokens and mirror tokens.' },
      { url: '/iam/v1', description: 'For principals of AWS, who sign with signature version 4.' },
    ],
    security: [{ token: [] }, { netrc: [] }, { aws: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An OIDC token or a mirror token.' },
        netrc: { type: 'http', scheme: 'basic', description: 'The same as a password, under any user name.' },
        aws: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS signature version 4 for the service execute-api.',
        },
      },
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, [schema, io]]) => [name, schemaOf(schema, io)])),
    },
  };
}

function operationOf(method: string, path: string): unknown {
  const operation = operations[`${method} ${path}`];
  if (operation === undefined) throw new RangeError(`the document does not describe ${method} ${path}`);
  return operation;
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  return rest;
}
