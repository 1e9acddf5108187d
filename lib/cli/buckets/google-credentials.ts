import { access, constants } from 'node:fs/promises';
import { basename } from 'node:path';
import { GoogleAuth } from 'google-auth-library';
import { NotAuthorised } from '../../core/errors.ts';
import type { GoogleEnvironment } from '../cloud-environment.ts';

/** What a store does with objects, signing URLs by the service of IAM included. */
const scopes = [
  'https://www.googleapis.com/auth/devstorage.full_control',
  'https://www.googleapis.com/auth/iam',
  'https://www.googleapis.com/auth/cloud-platform',
];

/**
 * No request of a store needs a project. Without one the library asks others for it first, gcloud, the machine or the
 * Resource Manager, and fails or waits where they do not answer (google-auth-library 11.3, `findAndCacheProjectId`).
 */
const noProject = 'none';

/**
 * The credentials of `GOOGLE_APPLICATION_CREDENTIALS`, or, looked for when they are first needed, what gcloud left, or
 * those of the machine. A file is read as the library reads that variable: by another way it writes a warning to
 * stderr, for those who take such files from strangers.
 * @throws NotAuthorised for a file that is not there or holds no credentials.
 */
export async function googleCredentials({ credentialsFile, project }: GoogleEnvironment): Promise<GoogleAuth> {
  const auth = new GoogleAuth({ scopes, projectId: project ?? noProject });
  if (credentialsFile === undefined) return auth;
  const hint = 'Correct or unset GOOGLE_APPLICATION_CREDENTIALS.';
  const what = `GOOGLE_APPLICATION_CREDENTIALS names ${JSON.stringify(basename(credentialsFile))}`;
  try {
    await access(credentialsFile, constants.R_OK);
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new NotAuthorised(`${what}, ${absent ? 'and there is no such file' : 'which cannot be read'}`, { hint });
  }
  try {
    // Kept in `auth` as well, which signs URLs with a key that is in the file.
    await auth._getApplicationCredentialsFromFilePath(credentialsFile);
  } catch {
    // The library's error is not passed on: it may quote the file.
    throw new NotAuthorised(`${what}, which holds no Google credentials`, { hint });
  }
  return auth;
}
