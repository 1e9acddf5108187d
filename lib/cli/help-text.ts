/** What `--help` says after the lists of commands and options. */
export const programHelp = `
Words:
  STORE      file:DIR, such as file:./mirror
  RELEASE    COLLECTION[@VERSION]; the latest version when it is left out
  MANIFEST   a YAML file that names artifacts, their sources and what their bytes must be

Examples:
  $ weighbridge publish ./weights my-model@1.0.0       from a folder to a mirror in ./mirror
  $ weighbridge new my-model@1.0.0 "hf://owner/repo@main"
  $ weighbridge lock manifests/my-model/1.0.0.yaml
  $ weighbridge stage manifests/my-model/1.0.0.yaml
  $ weighbridge verify
  $ weighbridge pull my-model --into ./weights

Exit codes:
  0    done
  1    something required failed, a check did not hold, or the release is degraded
  2    wrong usage, or a manifest or configuration that does not parse or validate
  3    refused: released content would change, wrong access class, over budget
  4    not authorised
  5    no such release, file or name, or not complete
  6    skipped: WEIGHBRIDGE_SKIP_DOWNLOAD is set and not everything is here
  130  interrupted by Ctrl-C; checkpoints are kept

Environment (an empty value counts as unset):
  HF_TOKEN, HF_ENDPOINT                  Hugging Face: token, and address of another hub
  GITHUB_TOKEN, GITHUB_API_URL           GitHub: token, and address of another API
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY      a proxy to go through
  SSL_CERT_FILE, NODE_EXTRA_CA_CERTS     more certificate authorities (PEM files)
  WEIGHBRIDGE_API                        access API of pull, ls and url without --from
  WEIGHBRIDGE_TOKEN, ..._TOKEN_FILE      a token for it, or a file of one, read each time
  NETRC, WEIGHBRIDGE_ID_TOKEN            else the netrc entry of its host; a token of the CI
  WEIGHBRIDGE_AUDIENCE                   whom GitHub's identity token is for (the origin of the API)
  WEIGHBRIDGE_CACHE                      folder of pull without --into (~/.cache/weighbridge)
  WEIGHBRIDGE_SKIP_DOWNLOAD=1            pull uses no network: exit 0 if all is here, else 6
  NO_COLOR, CI                           no colours; no live display
  DEBUG=weighbridge                      stack traces of unexpected errors
`;
