/** A request to the access API, as far as a credential may cover it. */
export interface ApiRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly body: string | undefined;
}

/** Who asks the access API. */
export interface AccessCredentials {
  /** Which credential it is, as messages name it: `the token of WEIGHBRIDGE_TOKEN`. Never a value. */
  readonly kind: string;
  /**
   * Headers that prove it, for this one request. They go to the API's own origin and nowhere else.
   * @throws NotAuthorised when there is no such credential (any more), SourceError when whoever issues it does not answer
   */
  headers(request: ApiRequest, signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /**
   * The API refused it. May the next one be another: a file that was rotated, a token that is issued anew, a clock
   * that is put right?
   * @param serverTime what the API says that time is
   */
  renew(serverTime: Date | undefined): Promise<boolean>;
}
