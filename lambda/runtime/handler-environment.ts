import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  type RuntimeConfiguration,
  runtimeConfigurationFile,
  runtimeConfigurationSchema,
} from '../../lib/contract/cloud/deployment.ts';
import { handlerVariables } from '../../lib/contract/cloud/handlers.ts';
import { UsageError } from '../../lib/core/errors.ts';
import { bareHost } from '../../lib/core/http/origin-rules.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** What a function was deployed with. */
export interface HandlerEnvironment {
  readonly configuration: RuntimeConfiguration;
  readonly stateBucket: string;
  /** Undefined where the deployment has no public mirror; likewise the private one. */
  readonly publicBucket: string | undefined;
  readonly privateBucket: string | undefined;
  /** ARN of the key of the buckets; undefined where they have none of their own. */
  readonly kmsKey: string | undefined;
  /** Of the function. */
  readonly region: string;
  /** Another server than Amazon's S3, such as an emulator; undefined where there is none. */
  readonly s3Endpoint: { readonly url: string; readonly pathStyle: boolean } | undefined;
  /** The role's keys as they are now: Lambda may replace them. */
  awsKeys(): AwsKeys | undefined;
}

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/**
 * @param folder where the bundle and, beside it, the deployment's file lie
 * @throws UsageError naming a variable that is not set, or what is wrong in the file
 */
export function readHandlerEnvironment(folder: string, variables: Variables): HandlerEnvironment {
  const needed = (name: string): string => {
    const value = set(variables, name);
    if (value === undefined) throw new UsageError(`the environment variable ${name} is not set`);
    return value;
  };
  return {
    configuration: readConfiguration(folder),
    stateBucket: needed(handlerVariables.stateBucket),
    publicBucket: set(variables, handlerVariables.publicBucket),
    privateBucket: set(variables, handlerVariables.privateBucket),
    kmsKey: set(variables, handlerVariables.kmsKey),
    region: needed('AWS_REGION'),
    s3Endpoint: endpointOf(set(variables, 'AWS_ENDPOINT_URL_S3') ?? set(variables, 'AWS_ENDPOINT_URL')),
    awsKeys() {
      const accessKeyId = set(variables, 'AWS_ACCESS_KEY_ID');
      const secretAccessKey = set(variables, 'AWS_SECRET_ACCESS_KEY');
      if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
      return { accessKeyId, secretAccessKey, sessionToken: set(variables, 'AWS_SESSION_TOKEN') };
    },
  };
}

/** An empty variable counts as unset. */
function set(variables: Variables, name: string): string | undefined {
  return variables[name] || undefined;
}

/** No DNS name can stand in front of an address, nor, outside of browsers, in front of `localhost`. */
function endpointOf(url: string | undefined): HandlerEnvironment['s3Endpoint'] {
  if (url === undefined) return undefined;
  const host = bareHost(new URL(url));
  return { url, pathStyle: isIP(host) !== 0 || host === 'localhost' };
}

function readConfiguration(folder: string): RuntimeConfiguration {
  const text = readFileSync(join(folder, runtimeConfigurationFile), 'utf8');
  const read = runtimeConfigurationSchema.safeParse(JSON.parse(text));
  if (read.success) return read.data;
  const wrong = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new UsageError(`${runtimeConfigurationFile} is not of this version: ${wrong.join('; ')}`);
}
