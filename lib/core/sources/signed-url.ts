/** Query parameters that are, or accompany, a credential: S3, GCS, Azure, CloudFront, Hugging Face, GitHub and the usual words. */
const secretNames = new Set(
  [
    ['sig', 'signature', 'jwt', 'policy', 'key-pair-id', 'awsaccesskeyid', 'googleaccessid', 'hdnea', 'hdnts'],
    ['token', 'access_token', 'auth_token', 'private_token', 'refresh_token', 'id_token', 'x-oss-signature'],
    ['api_key', 'apikey', 'api-key', 'password', 'passwd', 'secret', 'client_secret', 'authorization', 'auth'],
  ].flat(),
);
const secretPrefixes = ['x-amz-', 'x-goog-', 'x-oss-', 'x-ms-'];

/**
 * The first query parameter that makes a URL a credential, by its name alone; undefined when there is none.
 * @param query the part after `?`, still percent-encoded. Values are never looked at nor returned.
 */
export function secretParameter(query: string): string | undefined {
  for (const pair of query.split(/[&;]/u)) {
    const name = decodeLeniently(pair.split('=', 1)[0] ?? '').trim();
    const lower = name.toLowerCase();
    if (secretNames.has(lower) || secretPrefixes.some((prefix) => lower.startsWith(prefix))) return name;
  }
  return undefined;
}

/**
 * Text that is fit to be shown: userinfo and queries of URLs inside it are cut out, by allow-list
 * (an S3 version id stays). For text of unknown origin, such as the value of a misspelt field.
 */
export function withoutCredentials(text: string): string {
  return text
    .replace(/:\/\/[^/?#\s]*@/gu, '://…@')
    .replace(/#(?!id=\d+(?:["'\s]|$))[^\s"'#]*=[^\s"']*/gu, '#…')
    .replace(/\?(?!versionId=[A-Za-z0-9._-]+(?:["'\s]|$))[^\s"'#]*=[^\s"'#]*/gu, '?…');
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
