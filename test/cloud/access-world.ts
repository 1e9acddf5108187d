import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ulid } from 'ulid';
import { stringify } from 'yaml';
import { type CurrentPolicy, currentPolicySchema } from '../../lib/contract/cloud/current-policy.ts';
import { type AttemptPlace, policyKey, submissionKey } from '../../lib/contract/cloud/state-keys.ts';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import type { PolicyReport } from '../../lib/core/pipeline/policy-report.ts';
import { runId } from '../../lib/core/stage/run-progress.ts';
import { type OidcIssuer, startOidcIssuer } from '../fixtures/oidc-issuer.ts';
import { generateBytes } from '../upstream/generate-bytes.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { type Answered, apiAt, askApi, takeRole, userOfOther } from './access-callers.ts';
import { createRole } from './create-role.ts';
import { DeployedMirror, peopleArn, type SessionKeys } from './deployed-mirror.ts';
import { eventually } from './eventually.ts';
import { functionProcesses } from './function-processes.ts';
import { artifact, release } from './mirror-world.ts';
import { roleNames } from './role-policies.ts';
import { type ProgramResult, runProgram } from './run-program.ts';

/** Of the deployment. */
const own = '111122223333';
/** The account whose roles may ask, by the role that the deployment makes for it. */
export const consumers = '222233334444';
/** Of nobody that the deployment knows. */
export const strangers = '555566667777';
/** Who may submit releases, and who may submit the access policy as well. */
const people = () => ({ principals: [peopleArn(own)], collections: ['secret-*'], access: ['private'] });

/** The subject of the CI's tokens that the policy names. */
export const subject = 'repo:team/app:ref:refs/heads/main';

/** Someone who asks the access API: which of its two addresses, and by what. */
export interface ApiCaller {
  readonly by: 'AccessUrl' | 'IamAccessUrl';
  readonly bearer?: string;
  readonly signedBy?: SessionKeys;
  /** For the program. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** As decisions name it. */
  readonly who: string;
  /** The grant of the policy that is this one's. */
  readonly rule: string;
}

/** A deployment with an access API, two private releases in it, and one caller of every kind. */
export class AccessWorld {
  readonly mirror: DeployedMirror;
  readonly upstream: Upstream;
  readonly issuer: OidcIssuer;
  /** Bytes of `secret-model@1.0.0`, by file. */
  readonly files: Readonly<Record<string, Buffer>>;
  /** By whom, once the policy is made. */
  callers: Readonly<Record<'role' | 'partner' | 'job' | 'machine', ApiCaller>> | undefined;

  private constructor(world: Pick<AccessWorld, 'mirror' | 'upstream' | 'issuer' | 'files'>) {
    this.mirror = world.mirror;
    this.upstream = world.upstream;
    this.issuer = world.issuer;
    this.files = world.files;
  }

  /** Starts all of it, deploys, and stages; there is no policy yet. */
  static async start(): Promise<AccessWorld> {
    const [mirror, upstream, issuer] = await Promise.all([
      DeployedMirror.start('vault', own),
      startUpstream(),
      startOidcIssuer(),
    ]);
    const files = {
      'model/weights.bin': generateBytes('weights', 300_000),
      'config.json': Buffer.from('{"kept":"secret"}\n'),
    };
    const world = new AccessWorld({ mirror, upstream, issuer, files });
    await mirror.configure({
      cloud: { access: { consumerAccounts: [consumers] } },
      publishers: { weights: { ...people(), policy: true }, others: people() },
      sources: { hosts: ['127.0.0.1'] },
      trustedOrigins: [upstream.origin, issuer.issuer],
    });
    await mirror.deploy();
    await Promise.all(['secret-model', 'secret-plans'].map((name) => world.#stage(name)));
    return world;
  }

  async #stage(collection: string): Promise<void> {
    const artifacts = Object.entries(this.files).map(([file, bytes]) => {
      this.upstream.put(`/${file}`, bytes);
      return artifact(file, bytes, this.upstream.url(`/${file}`));
    });
    await this.mirror.submit(release(collection, artifacts, { access: 'private' }), { publisher: 'weights' });
  }

  /** Writes `manifests/access.yaml` as people do, with a token that `token new` makes, and submits it. */
  async grantAll(): Promise<{ readonly report: PolicyReport; readonly token: string }> {
    const { mirror } = this;
    await mkdir(join(mirror.folder, 'manifests'));
    await writeFile(join(mirror.folder, this.policyFile), stringify(this.#document()));
    const made = await mirror.weighbridge(['token', 'new', 'farm']);
    const token = made.stdout.trim();
    if (made.code !== 0) throw new Error(made.stderr);
    const report = await this.submitPolicy();
    this.callers = await this.#makeCallers(token);
    return { report, token };
  }

  readonly policyFile = 'manifests/access.yaml';

  #document() {
    const grant = (name: string) => ({ to: [name], collections: ['secret-model'], maximumLifetime: '10m' });
    const principals = {
      trainers: { aws: [`arn:aws:iam::${this.mirror.emulator.account}:role/trainer`] },
      partners: { aws: [consumers] },
      jobs: { oidc: { issuer: 'ci', claims: { sub: subject } } },
      // The token is added by the command.
      farm: { tokens: [] },
    };
    return {
      weighbridgeAccess: 1,
      issuers: { ci: { issuer: this.issuer.issuer, audience: 'weighbridge' } },
      principals,
      grants: Object.fromEntries(Object.keys(principals).map((name) => [`for-${name}`, grant(name)])),
    };
  }

  /** `weighbridge submit --wait` of the policy in its file. @throws Error when it does not come to hold */
  async submitPolicy(): Promise<PolicyReport> {
    const argv = ['submit', this.policyFile, '--publisher', 'weights', '--wait', '--timeout', '120s', '--json'];
    const { code, stdout, stderr } = await this.mirror.weighbridge(argv, { publisher: 'weights' });
    if (code !== 0) throw new Error(`submit ended with ${code}\n${stdout}\n${stderr}`);
    return JSON.parse(stdout) as PolicyReport;
  }

  /** Puts a policy as the role of a publisher could, past all that the program checks, and waits for its report. */
  async putPolicy(text: string, publisher = 'weights', attempt = ulid()): Promise<PolicyReport> {
    const content = Buffer.from(text);
    const run = runId(Sha256.ofBytes(content), `s3://${this.mirror.bucket('state')}`);
    const place: AttemptPlace = { publisher, run, attempt };
    const submission = {
      ...{ format: 1, kind: 'policy', file: this.policyFile, content: content.toString('base64') },
      ...{ submittedAt: new Date().toISOString(), weighbridge: '0.1.0' },
    };
    const Body = JSON.stringify(submission);
    await this.mirror.s3.send(
      new PutObjectCommand({ Bucket: this.mirror.bucket('state'), Key: submissionKey(place), Body }),
    );
    return (await this.mirror.report(place)) as unknown as PolicyReport;
  }

  /** The policy that holds, and the version of its object. */
  async current(): Promise<CurrentPolicy & { readonly version: string | undefined }> {
    const at = { Bucket: this.mirror.bucket('state'), Key: policyKey };
    const { Body, VersionId: version } = await this.mirror.s3.send(new GetObjectCommand(at));
    return { ...currentPolicySchema.parse(JSON.parse((await Body?.transformToString()) ?? '')), version };
  }

  async #makeCallers(token: string) {
    const { emulator, iam } = this.mirror;
    const { account } = emulator;
    const Resource = `arn:aws:execute-api:${emulator.region}:${account}:*/$default/*/iam/v1/*`;
    await createRole(iam, 'trainer', account, [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource }]);
    const trainer = await takeRole(emulator, `arn:aws:iam::${account}:role/trainer`, emulator.credentials);
    const user = await userOfOther(emulator, consumers);
    const partner = await takeRole(emulator, this.mirror.output(`ConsumerRole${consumers}`), user);
    const idToken = await this.issuer.token({ sub: subject, exp: Math.floor(Date.now() / 1000) + 3600 });
    const signed = (signedBy: SessionKeys) => ({ by: 'IamAccessUrl', signedBy, variables: keysOf(signedBy) }) as const;
    return {
      role: { ...signed(trainer), who: `aws arn:aws:iam::${account}:role/trainer`, rule: 'for-trainers' },
      partner: { ...signed(partner), who: `aws ${consumers}`, rule: 'for-partners' },
      job: {
        ...{ by: 'AccessUrl', bearer: idToken, variables: { WEIGHBRIDGE_ID_TOKEN: idToken } },
        ...{ who: `oidc ci ${subject}`, rule: 'for-jobs' },
      },
      machine: {
        ...{ by: 'AccessUrl', bearer: token, variables: { WEIGHBRIDGE_TOKEN: token } },
        ...{ who: 'token farm', rule: 'for-farm' },
      },
    } as const satisfies Record<string, ApiCaller>;
  }

  caller(name: 'role' | 'partner' | 'job' | 'machine'): ApiCaller {
    if (this.callers === undefined) throw new Error('there is no policy yet');
    return this.callers[name];
  }

  /** Asks by a path such as `/secret-model/latest/release.json`, without following. */
  ask(path: string, caller: Pick<ApiCaller, 'by'> & Partial<ApiCaller>, method = 'GET'): Promise<Answered> {
    return askApi(this.mirror.emulator, this.mirror.output(caller.by), path, caller, method);
  }

  /** The URL of a file of `secret-model@1.0.0`. @param query such as `&expiresIn=60` */
  async url(caller: ApiCaller, file = 'model/weights.bin', query = ''): Promise<URL> {
    const { status, text } = await this.ask(`/secret-model/1.0.0/${file}?redirect=0${query}`, caller);
    if (status !== 200) throw new Error(`${caller.who} is answered ${status} ${text}`);
    return new URL(text.trim());
  }

  /** Runs the program on a machine that has a caller's credential and no other. */
  program(argv: readonly string[], { by, variables }: ApiCaller): Promise<ProgramResult> {
    const { emulator, folder } = this.mirror;
    const { AWS_REGION } = emulator.environment;
    return runProgram([...argv, '--from', apiAt(emulator, this.mirror.output(by)), '--progress', 'none'], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, AWS_REGION, AWS_EC2_METADATA_DISABLED: 'true', ...variables },
    });
  }

  /** The name of a role of the deployment. @param part of its name that no other has */
  async role(part: string): Promise<string> {
    const [found, ...others] = (await roleNames(this.mirror.iam, 'vault-')).filter((name) => name.includes(part));
    if (found === undefined || others.length > 0) throw new Error(`${others.length + 1} roles are called ${part}`);
    return found;
  }

  /** Ends the process of the API's function, with all that it knows, and waits for another. */
  async renewFunction(): Promise<void> {
    const own = () => functionProcesses(this.mirror.emulator, 'vault-AccessFunction');
    for (const { pid } of await own()) process.kill(pid, 'SIGKILL');
    await eventually('the end of the function', async () => ((await own()).length === 0 ? true : undefined));
    await eventually('another function', async () => {
      const { text } = await this.ask('/healthz', { by: 'AccessUrl' });
      return text.includes('weighbridge-access') ? true : undefined;
    });
  }

  async stop(): Promise<void> {
    await this.mirror.stop();
    await this.upstream.close();
    await this.issuer.close();
  }
}

function keysOf({ accessKeyId, secretAccessKey, sessionToken }: SessionKeys) {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
}
