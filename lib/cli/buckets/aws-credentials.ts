import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { S3Credentials } from '../../core/stores/create-s3-client.ts';
import type { Environment } from '../environment.ts';
import { agentOptions, networkWay } from './network-way.ts';

/** A profile that is named comes before keys, as in the SDK; the chain ends with web identity and the machine's role. */
export async function awsCredentials(
  environment: Environment,
): Promise<S3Credentials | (() => Promise<S3Credentials>)> {
  const { aws } = environment;
  if (aws.profile === undefined && aws.keys !== undefined) return aws.keys;
  // Roles and sign-ins are turned into keys by services of their own, to which the same ways lead. Their regions are
  // their own, too: none is given here.
  const agent = agentOptions(await networkWay(new URL('https://sts.amazonaws.com'), environment, aws.caFiles));
  const requestHandler = new NodeHttpHandler({ httpAgent: new HttpAgent(agent), httpsAgent: new HttpsAgent(agent) });
  return fromNodeProviderChain({
    ...(aws.profile === undefined ? {} : { profile: aws.profile }),
    clientConfig: { requestHandler },
    // What it warns of (keys beside a profile) goes nowhere: stderr may be one JSON event a line.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
}
