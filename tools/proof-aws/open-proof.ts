import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { parse } from 'yaml';
import { bucketName } from '../../lib/contract/cloud/resource-names.ts';
import { fetchOverHttp } from './fetch-over-http.ts';
import { expectThat, type Proof } from './proof.ts';
import { makeRelease } from './proof-release.ts';
import { type ProgramEnd, runProgram } from './run-program.ts';
import { type ThrowAwayPlace, throwAwayConfiguration } from './throw-away-deployment.ts';

export interface ProofOptions {
  readonly place: ThrowAwayPlace;
  /** An empty folder, for everything that the proof writes on this machine. */
  readonly folder: string;
  /** A weighbridge.yaml to take the rules of a company from. @default - none */
  readonly config?: string | undefined;
  /** Command line of the app of the CDK. @default the one of this project */
  readonly app?: string | undefined;
  /** `KEY=VALUE`s for it, beside that of the configuration. */
  readonly context: readonly string[];
  /** May the CDK's own stack be made? */
  readonly bootstraps: boolean;
  /** Endpoint of all services. @default - those of Amazon */
  readonly endpoint?: URL | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const root = join(import.meta.dirname, '../..');
const quiet = ['--no-notices', '--no-color', '--no-version-reporting', '--ci'];

/** Everything that checks work with; nothing is deployed yet. */
export async function openProof(options: ProofOptions): Promise<Proof> {
  const { place, folder, config, app, context, bootstraps, endpoint, env } = options;
  const { name, account, region } = place;
  const configuration = join(folder, 'weighbridge.yaml');
  const text = throwAwayConfiguration(place, config === undefined ? '' : await readFile(config, 'utf8'));
  await writeFile(configuration, text);
  const s3Settings = { region, ...(endpoint === undefined ? {} : { endpoint: endpoint.href, forcePathStyle: true }) };
  const outputsFile = join(folder, 'outputs.json');

  const assembly = join(folder, 'cdk.out');
  let isSynthesised = false;
  const cdkProgram = (args: readonly string[], cwd: string): Promise<ProgramEnd> =>
    runProgram([join(root, 'node_modules/aws-cdk/bin/cdk'), ...args, ...quiet], {
      cwd,
      env: { ...env, AWS_REGION: region, AWS_DEFAULT_REGION: region },
    });
  const cdk = async (...[command = '', ...args]: readonly string[]): Promise<ProgramEnd> => {
    // Several commands upon one synthesis, which builds the functions as well.
    const contexts = [`config=${configuration}`, ...context].flatMap((one) => ['--context', one]);
    const ofApp = ['--app', app ?? 'node bin/app.ts', ...contexts, ...(app === undefined ? [] : ['--build='])];
    const made = ['--app', assembly, '--build='];
    const end = await cdkProgram([command, ...args, ...(isSynthesised ? made : ofApp), '--output', assembly], root);
    isSynthesised ||= existsSync(join(assembly, 'manifest.json'));
    return end;
  };
  const weighbridge = (variables: Readonly<Record<string, string | undefined>>, args: readonly string[]) =>
    runProgram([join(root, 'bin/weighbridge.js'), ...args], {
      cwd: folder,
      env: { ...env, AWS_REGION: region, ...variables },
    });
  const takesRole = place.principal !== undefined;
  const publisher = () => submitKeys(proof, s3Settings);

  const proof: Proof = {
    place,
    buckets: {
      public: bucketName('public', { name, account, region }),
      private: bucketName('private', { name, account, region }),
      state: bucketName('state', { name, account, region }),
    },
    releases: { public: await makeRelease(folder, 'public'), private: await makeRelease(folder, 'private') },
    gcs: (parse(text) as { readonly cloud: { readonly gcs?: object } }).cloud.gcs !== undefined,
    folder,
    bootstraps,
    takesRole,
    s3: new S3Client(s3Settings),
    outputs: {},
    cdk,
    // Not where a cdk.json is: its app would be run as well, though nothing is asked of it.
    bootstrap: () => cdkProgram(['bootstrap', `aws://${account}/${region}`], folder),
    async deploy(...args) {
      const always = ['--all', '--require-approval', 'never', '--progress', 'events', '--outputs-file', outputsFile];
      const { code, said } = await cdk('deploy', ...always, ...args);
      expectThat(code === 0, `cdk deploy failed:\n${said}`);
      const outputs = JSON.parse(await readFile(outputsFile, 'utf8')) as Record<string, Record<string, string>>;
      proof.outputs = outputs[name] ?? {};
    },
    weighbridge: (...args) => weighbridge({}, args),
    asNobody: (variables, ...args) => weighbridge({ ...noCredentials, ...variables }, args),
    async asPublisher(...args) {
      if (!takesRole) return await weighbridge({}, args);
      const { accessKeyId, secretAccessKey, sessionToken } = await publisher();
      const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
      return await weighbridge({ ...keys, AWS_SESSION_TOKEN: sessionToken, AWS_PROFILE: '' }, args);
    },
    publisherS3: async () => new S3Client({ ...s3Settings, credentials: await publisher(), maxAttempts: 1 }),
    cdn(path, { protocol = 'https:', ...options } = {}) {
      const { host } = new URL(proof.outputs.PublicUrl ?? '');
      return onceItHasAName(() => fetchOverHttp({ protocol, host, path }, { ...options, by: endpoint }));
    },
    api(caller) {
      const url = proof.outputs[caller === 'token' ? 'AccessUrl' : 'IamAccessUrl'];
      if (url === undefined || endpoint === undefined) return url;
      const { hostname, pathname } = new URL(url);
      return new URL(`/_aws/execute-api/${hostname.split('.')[0]}/$default${pathname}`, endpoint).href;
    },
    anonymous(bucket, path) {
      if (endpoint === undefined) {
        const suffix = place.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
        return fetchOverHttp({ protocol: 'https:', host: `${bucket}.s3.${region}.${suffix}`, path });
      }
      const protocol = endpoint.protocol as 'http:' | 'https:';
      return fetchOverHttp({ protocol, host: endpoint.host, path: `/${bucket}${path.replace(/^\/\?/, '?')}` });
    },
  };
  return proof;
}

const noCredentials = {
  ...{ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '', AWS_PROFILE: '' },
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** The name of a new distribution may take a minute to be known everywhere. */
async function onceItHasAName<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTFOUND' || tries === 20) throw error;
      await sleep(5000);
    }
  }
}

/** Keys of a session of the publisher's role, for an hour. */
async function submitKeys({ outputs, place }: Proof, { endpoint }: { readonly endpoint?: string }) {
  const sts = new STSClient({ region: place.region, ...(endpoint === undefined ? {} : { endpoint }) });
  try {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: outputs.SubmitRoleProof, RoleSessionName: 'proof' }),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  } finally {
    sts.destroy();
  }
}
