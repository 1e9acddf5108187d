/** Who asks, proven. What it may do is the policy's to say. */
export type Caller =
  /** By SigV4, checked by the gateway. `account` is whom it stands for: the consumer's, where it came through the role made for that account. */
  | {
      readonly kind: 'aws';
      readonly account: string;
      /** `arn:…:iam::ACCOUNT:role/NAME` or `user/NAME` (without a path: a session does not tell it); undefined for another account, which tells only its number, and for the root of one. */
      readonly arn: string | undefined;
    }
  /** By a token of an identity provider, whose signature, issuer, audience and times were checked. */
  | {
      readonly kind: 'oidc';
      /** The name of the issuer in the policy. */
      readonly issuer: string;
      readonly subject: string;
      readonly claims: Readonly<Record<string, unknown>>;
    }
  /** By a mirror token that the policy knows and that has not expired. */
  | { readonly kind: 'token'; readonly principal: string };

/** One short line for audit and messages: `aws arn:…`, `oidc github repo:…`, `token build-farm`; control characters escaped. */
export function callerText(caller: Caller): string {
  switch (caller.kind) {
    case 'aws':
      return `aws ${oneLine(caller.arn ?? caller.account)}`;
    case 'oidc':
      return `oidc ${caller.issuer} ${oneLine(caller.subject)}`;
    case 'token':
      return `token ${caller.principal}`;
  }
}

function oneLine(text: string): string {
  return JSON.stringify(text.slice(0, 256)).slice(1, -1);
}
