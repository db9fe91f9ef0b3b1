import { getRouteApi } from '@tanstack/react-router';
import { CustomerPage } from '@/features/customer';

const customer = getRouteApi('/customer/$call');

export function Customer() {
  return <CustomerPage call={customer.useParams().call} />;
}
