import { TodayPage } from '@/features/today';

export const Today = () => <TodayPage />;
