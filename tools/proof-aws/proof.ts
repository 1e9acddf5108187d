import type { S3Client } from '@aws-sdk/client-s3';
import type { HttpAnswer, HttpOptions } from './fetch-over-http.ts';
import type { ProofRelease } from './proof-release.ts';
import type { ProgramEnd } from './run-program.ts';
import type { ThrowAwayPlace } from './throw-away-deployment.ts';

/** Everything that checks work with. */
export interface Proof {
  readonly place: ThrowAwayPlace;
  /** Names of the buckets that the deployment makes in AWS, by purpose. */
  readonly buckets: Readonly<Record<'public' | 'private' | 'state', string>>;
  readonly releases: Readonly<Record<'public' | 'private', ProofRelease>>;
  /** Is there a mirror in Google Cloud as well? */
  readonly gcs: boolean;
  /** An empty folder, in which the programs run. */
  readonly folder: string;
  /** Can the publisher's role be taken? The root of an account cannot; it then submits as itself. */
  readonly takesRole: boolean;
  /** May the CDK's own stack be made? */
  readonly bootstraps: boolean;
  readonly s3: S3Client;
  /** Of the stack in AWS, once it is deployed. */
  outputs: Readonly<Record<string, string>>;
  /** Makes the CDK's own stack. */
  bootstrap(): Promise<ProgramEnd>;
  /** The CDK's command line on the stacks of the deployment. */
  cdk(...args: readonly string[]): Promise<ProgramEnd>;
  /** Deploys all stacks and takes their outputs. @throws Error with what the CDK said */
  deploy(...args: readonly string[]): Promise<void>;
  /** This program, as who runs the proof. */
  weighbridge(...args: readonly string[]): Promise<ProgramEnd>;
  /** This program, with these variables and without the credentials of who runs the proof. */
  asNobody(variables: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<ProgramEnd>;
  /** This program, with the publisher's submit role where that can be taken. */
  asPublisher(...args: readonly string[]): Promise<ProgramEnd>;
  /** A client of S3 with the publisher's submit role. */
  publisherS3(): Promise<S3Client>;
  /** A path of the public mirror, asked of CloudFront by anybody. */
  cdn(path: string, options?: HttpOptions & { readonly protocol?: 'http:' | 'https:' }): Promise<HttpAnswer>;
  /** The address of the access API, for callers with tokens or for principals of AWS; undefined where there is none. */
  api(caller: 'token' | 'aws'): string | undefined;
  /** A path of a bucket, asked of S3 by anybody. */
  anonymous(bucket: string, path: string): Promise<HttpAnswer>;
}

/** One line of the result. */
export interface ProofCheck {
  readonly name: string;
  /** Why it cannot hold on an emulator. @default - it holds there, too */
  readonly notOnEmulator?: string;
  /** Checks without which it says nothing. @default - none */
  readonly needs?: readonly string[];
  /** Why it does not apply here; undefined where it does. @default - it always applies */
  readonly skip?: (proof: Proof) => string | undefined;
  /** @returns what was seen. @throws Error with what was expected and what was seen instead */
  readonly run: (proof: Proof) => Promise<string>;
}

/** @throws Error that says what was expected */
export function expectThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
