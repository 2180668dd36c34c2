import { GENERIC_PROVIDER, type S3Provider } from '../provider.ts'
import type { S3Profile } from './s3-profile.ts'

export const OSS_PROVIDER: S3Provider = {
  ...GENERIC_PROVIDER,
  name: 'Alibaba Cloud OSS',
  // A condition is answered with NotImplemented. https://github.com/tobi/walgit/issues/67
  capabilities: {
    ...GENERIC_PROVIDER.capabilities,
    conditionalPut: false,
    conditionalComplete: false,
  },
}

/**
 * Alibaba Cloud OSS, which wants the bucket in the host's name (`SecondLevelDomainForbidden` otherwise) and so takes none with
 * a dot, and honours no condition on a write.
 *
 * @param options.region Such as `cn-hangzhou`.
 * @see https://www.alibabacloud.com/help/en/oss/developer-reference/compatibility-with-amazon-s3
 */
export function oss({ region }: { readonly region: string }): S3Profile {
  return {
    endpoint: 'https://oss-{region}.aliyuncs.com',
    region,
    pathStyle: false,
    provider: OSS_PROVIDER,
  }
}
