import ipaddr from 'ipaddr.js';

/**
 * `public`: globally routable. `private`: this machine, this network or a transition mechanism that may lead there.
 * `never`: link-local, metadata services and addresses that name no host; refused even for trusted origins.
 */
export type AddressClass = 'public' | 'private' | 'never';

/** Metadata and host services of clouds that are outside the link-local ranges. */
const metadataAddresses = new Set(
  [
    'fd00:ec2::254', //     AWS
    'fd00:ec2::23', //      AWS, EKS pod identity
    'fd20:ce::254', //      Google
    '100.100.100.200', //   Alibaba
    '168.63.129.16', //     Azure, a public address by its number
    '192.0.0.192', //       Oracle
  ].map((text) => ipaddr.parse(text).toNormalizedString()),
);

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Says what kind of address a literal is (an IPv4 address inside an IPv6 one counts as what it is). */
export function classifyAddress(literal: string): AddressClass {
  if (!ipaddr.isValid(literal)) return 'never';
  const address = ipaddr.process(literal);
  if (metadataAddresses.has(address.toNormalizedString())) return 'never';
  const range = address.range();
  if (range === 'linkLocal' || range === 'multicast' || range === 'unspecified' || range === 'broadcast')
    return 'never';
  if (address.kind() === 'ipv4') return range === 'unicast' ? 'public' : 'private';
  return classifyIPv6(address as ipaddr.IPv6, range);
}

function classifyIPv6(address: ipaddr.IPv6, range: string): AddressClass {
  // NAT64 and the deprecated ::a.b.c.d carry an IPv4 address that a gateway, or this very host, would reach.
  const embedded = ipaddr.fromByteArray(address.toByteArray().slice(12)).toString();
  const carriesIPv4 =
    range === 'rfc6052' || range === 'rfc6145' || address.parts.slice(0, 6).every((part) => part === 0);
  if (carriesIPv4 && range !== 'loopback' && classifyAddress(embedded) === 'never') return 'never';
  // Only 2000::/3 is allocated for global unicast (RFC 4291 §2.5.4); the library calls the rest `unicast` too.
  return range === 'unicast' && address.match(globalUnicast) ? 'public' : 'private';
}
