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

/** Who a function is in AWS. */
export interface AwsIdentity {
  /** Of the function. */
  readonly region: string;
  /** The role's keys as they are now: Lambda may replace them. */
  awsKeys(): AwsKeys | undefined;
}

/** What a function of the pipeline was deployed with. */
export interface HandlerEnvironment extends AwsIdentity {
  readonly configuration: RuntimeConfiguration;
  readonly stateBucket: string;
  /** Undefined where the deployment has no public mirror; likewise the private one. */
  readonly publicBucket: string | undefined;
  readonly privateBucket: string | undefined;
  /** Base URL of the public mirror; undefined where there is none. */
  readonly publicUrl: string | undefined;
  /** ARN of the key of the buckets; undefined where they have none of their own. */
  readonly kmsKey: string | undefined;
  /** Another server than Amazon's S3, such as an emulator; undefined where there is none. */
  readonly s3Endpoint: { readonly url: string; readonly pathStyle: boolean } | undefined;
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
  return {
    ...awsIdentity(variables),
    configuration: readConfiguration(folder),
    stateBucket: needed(variables, handlerVariables.stateBucket),
    publicBucket: set(variables, handlerVariables.publicBucket),
    publicUrl: set(variables, handlerVariables.publicUrl),
    privateBucket: set(variables, handlerVariables.privateBucket),
    kmsKey: set(variables, handlerVariables.kmsKey),
    s3Endpoint: endpointOf(set(variables, 'AWS_ENDPOINT_URL_S3') ?? set(variables, 'AWS_ENDPOINT_URL')),
  };
}

/** @throws UsageError where no region is set, as Lambda always does. */
export function awsIdentity(variables: Variables): AwsIdentity {
  return {
    region: needed(variables, 'AWS_REGION'),
    awsKeys() {
      const accessKeyId = set(variables, 'AWS_ACCESS_KEY_ID');
      const secretAccessKey = set(variables, 'AWS_SECRET_ACCESS_KEY');
      if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
      return { accessKeyId, secretAccessKey, sessionToken: set(variables, 'AWS_SESSION_TOKEN') };
    },
  };
}

function needed(variables: Variables, name: string): string {
  const value = set(variables, name);
  if (value === undefined) throw new UsageError(`the environment variable ${name} is not set`);
  return value;
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

/** @throws UsageError that says what is wrong in the file. */
export function readConfiguration(folder: string): RuntimeConfiguration {
  const text = readFileSync(join(folder, runtimeConfigurationFile), 'utf8');
  const read = runtimeConfigurationSchema.safeParse(JSON.parse(text));
  if (read.success) return read.data;
  const wrong = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new UsageError(`${runtimeConfigurationFile} is not of this version: ${wrong.join('; ')}`);
}
