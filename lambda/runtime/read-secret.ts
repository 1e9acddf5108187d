import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { serviceError } from './service-error.ts';
import type { ReadSecret } from './token-secrets.ts';

/** @param home region of the secrets that are named without one: by name instead of by ARN */
export function secretReader(home: string): ReadSecret {
  const clients = new Map<string, SecretsManagerClient>();
  return async (secret) => {
    const region = (secret.startsWith('arn:') && secret.split(':')[3]) || home;
    const client = clients.get(region) ?? new SecretsManagerClient({ region });
    clients.set(region, client);
    try {
      return (await client.send(new GetSecretValueCommand({ SecretId: secret }))).SecretString;
    } catch (error) {
      throw serviceError(error, `reading the secret ${secret}`);
    }
  };
}
