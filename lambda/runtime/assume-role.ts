import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { SessionCredentials } from '../../lib/core/access/sign/assumed-role-signer.ts';
import { ServiceError, serviceError } from './service-error.ts';

/** Seconds: a role that is assumed by a role lives no longer (IAM user guide, "Role chaining"). */
const longest = 3600;

/**
 * Takes a role, each time anew.
 * @param session how CloudTrail names who took it
 */
export function roleTaker(role: string, session: string, region: string): () => Promise<SessionCredentials> {
  let client: STSClient | undefined;
  return async () => {
    client ??= new STSClient({ region, maxAttempts: 3 });
    const request = { RoleArn: role, RoleSessionName: session, DurationSeconds: longest };
    const doing = 'taking the role that signs';
    const { Credentials } = await client.send(new AssumeRoleCommand(request)).catch((error: unknown) => {
      throw serviceError(error, doing);
    });
    const {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
    } = Credentials ?? {};
    const expiration = Credentials?.Expiration;
    if (!accessKeyId || !secretAccessKey || !sessionToken || !expiration) {
      throw new ServiceError(`${doing} gave no credentials`, { retryable: true });
    }
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  };
}
