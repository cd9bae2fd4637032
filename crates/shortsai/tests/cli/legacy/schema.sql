-- Tables as an installation of the older Studio server has them. Without foreign keys, so that tests can break what they promise;
-- with values that its own program does not know, as somebody's hand or a later version may have put them there.
CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN', 'OWNER');
CREATE TYPE "SubscriptionPlan" AS ENUM ('FREE', 'PRO');
CREATE TYPE "Tier" AS ENUM ('free', 'pro', 'enterprise');
CREATE TYPE "TTSProvider" AS ENUM ('gemini', 'elevenlabs', 'groq', 'azure');
CREATE TYPE "MusicStatus" AS ENUM ('draft', 'pending', 'queued', 'loading', 'completed', 'failed', 'error');
CREATE TYPE "SceneStatus" AS ENUM ('draft', 'pending', 'queued', 'processing', 'loading', 'completed', 'failed', 'error', 'stale');
CREATE TYPE "ProjectStatus" AS ENUM ('draft', 'generating', 'completed', 'failed', 'paused', 'archived');
CREATE TYPE "UsageLogAction" AS ENUM
  ('GENERATE_SCRIPT', 'GENERATE_IMAGE', 'GENERATE_TTS', 'GENERATE_MUSIC', 'GENERATE_VIDEO', 'GENERATE_DREAM');
CREATE TYPE "UsageLogStatus" AS ENUM ('success', 'failed');

CREATE TABLE users (
  id text PRIMARY KEY, name text, email text NOT NULL UNIQUE, email_verified timestamp(3), image text, avatar_url text,
  google_id text UNIQUE, role "Role" NOT NULL DEFAULT 'USER', subscription_plan "SubscriptionPlan" NOT NULL DEFAULT 'FREE',
  tier "Tier" NOT NULL DEFAULT 'free', is_blocked boolean NOT NULL DEFAULT false, stripe_customer_id text,
  created_at timestamp(3) NOT NULL DEFAULT '2025-10-01 10:00:00', updated_at timestamp(3) NOT NULL DEFAULT '2025-12-01 10:00:00.5',
  last_video_generated_at timestamp(3), plan_id text
);
CREATE TABLE accounts (
  id text PRIMARY KEY, "userId" text NOT NULL, type text NOT NULL, provider text NOT NULL, "providerAccountId" text NOT NULL,
  access_token text, UNIQUE (provider, "providerAccountId")
);
CREATE TABLE sessions (id text PRIMARY KEY, session_token text NOT NULL UNIQUE, user_id text NOT NULL, expires timestamp(3) NOT NULL);
CREATE TABLE plans (
  id text PRIMARY KEY, name text NOT NULL UNIQUE, slug text NOT NULL UNIQUE, description text, price numeric(10, 2) NOT NULL DEFAULT 0,
  monthly_images_limit integer NOT NULL DEFAULT 10, monthly_videos_limit integer NOT NULL DEFAULT 5,
  monthly_minutes_tts integer NOT NULL DEFAULT 10, daily_requests_limit integer NOT NULL DEFAULT 50,
  daily_videos_limit integer NOT NULL DEFAULT 2, features jsonb, created_at timestamp(3) NOT NULL DEFAULT '2025-09-01',
  updated_at timestamp(3) NOT NULL DEFAULT '2025-09-01'
);
CREATE TABLE user_limits (
  user_id text PRIMARY KEY, monthly_videos_limit integer NOT NULL DEFAULT 5, monthly_minutes_tts integer NOT NULL DEFAULT 10,
  monthly_images_limit integer NOT NULL DEFAULT 50, current_videos_used integer NOT NULL DEFAULT 0,
  current_minutes_tts_used numeric(10, 2) NOT NULL DEFAULT 0, current_images_used integer NOT NULL DEFAULT 0,
  last_reset_date timestamp(3) NOT NULL DEFAULT '2025-10-01', daily_requests_limit integer NOT NULL DEFAULT 100,
  current_daily_requests integer NOT NULL DEFAULT 0, last_daily_reset timestamp(3) NOT NULL DEFAULT '2025-10-01',
  daily_videos_limit integer NOT NULL DEFAULT 1, current_daily_videos integer NOT NULL DEFAULT 0
);
CREATE TABLE api_keys (
  user_id text PRIMARY KEY, gemini_key text, elevenlabs_key text, suno_key text, groq_key text,
  updated_at timestamp(3) NOT NULL DEFAULT '2025-12-01'
);
CREATE TABLE folders (
  id text PRIMARY KEY, name text NOT NULL, user_id text NOT NULL, created_at timestamp(3) NOT NULL DEFAULT '2025-11-01',
  updated_at timestamp(3) NOT NULL DEFAULT '2025-11-01', UNIQUE (user_id, name)
);
CREATE TABLE shows (
  id text PRIMARY KEY, user_id text NOT NULL, name text NOT NULL, description text, style_preset text, visual_prompt text,
  default_tts_provider text NOT NULL DEFAULT 'gemini', created_at timestamp(3) NOT NULL DEFAULT '2025-11-01',
  updated_at timestamp(3) NOT NULL DEFAULT '2025-11-02'
);
CREATE TABLE characters (
  id text PRIMARY KEY, user_id text NOT NULL, name text NOT NULL, description text, images text[],
  created_at timestamp(3) NOT NULL DEFAULT '2025-11-01', show_id text, voice_provider text, voice_id text, voice_settings jsonb
);
CREATE TABLE projects (
  id text PRIMARY KEY, user_id text NOT NULL, topic text NOT NULL, style text NOT NULL DEFAULT 'noir', language text NOT NULL DEFAULT 'en',
  voice_name text NOT NULL DEFAULT 'Kore', tts_provider "TTSProvider" NOT NULL DEFAULT 'gemini', reference_image_url text,
  reference_characters_snapshot jsonb, video_model text NOT NULL DEFAULT 'veo', audio_model text,
  include_music boolean NOT NULL DEFAULT false, bg_music_prompt text, bg_music_url text, bg_music_status "MusicStatus",
  status "ProjectStatus" NOT NULL DEFAULT 'draft', generated_title text, generated_description text, duration_config jsonb,
  lock_session_id text, lock_expires_at timestamp(3), is_archived boolean NOT NULL DEFAULT false, tags text[] DEFAULT '{}',
  folder_id text, created_at timestamp(3) NOT NULL DEFAULT '2025-11-03 08:09:10.123',
  updated_at timestamp(3) NOT NULL DEFAULT '2025-11-04', show_id text, episode_number integer
);
CREATE TABLE "_CharacterToProject" ("A" text NOT NULL, "B" text NOT NULL, UNIQUE ("A", "B"));
CREATE TABLE scenes (
  id text PRIMARY KEY, project_id text NOT NULL, scene_number integer NOT NULL, visual_description text NOT NULL DEFAULT 'A hill',
  narration text NOT NULL DEFAULT 'Two words', duration_seconds numeric NOT NULL DEFAULT 4.5,
  image_url text, image_status "SceneStatus" NOT NULL DEFAULT 'draft', audio_url text, audio_status "SceneStatus" NOT NULL DEFAULT 'draft',
  sfx_url text, sfx_status "SceneStatus" NOT NULL DEFAULT 'draft', video_url text, video_status "SceneStatus" NOT NULL DEFAULT 'draft',
  media_type text NOT NULL DEFAULT 'image', visual_effect text NOT NULL DEFAULT 'zoom_in', word_timings jsonb, error_message text,
  image_attempts integer NOT NULL DEFAULT 0, audio_attempts integer NOT NULL DEFAULT 0, sfx_attempts integer NOT NULL DEFAULT 0,
  video_attempts integer NOT NULL DEFAULT 0, created_at timestamp(3) NOT NULL DEFAULT '2025-11-03', deleted_at timestamp(3),
  character_id text, status text NOT NULL DEFAULT 'DRAFT', version integer NOT NULL DEFAULT 0
);
CREATE TABLE "Job" (
  id text PRIMARY KEY, type text NOT NULL, status text NOT NULL DEFAULT 'QUEUED', "inputPayload" jsonb NOT NULL, "outputResult" jsonb,
  "errorMessage" text, "projectId" text NOT NULL, "sceneId" text, "createdAt" timestamp(3) NOT NULL DEFAULT now(),
  "updatedAt" timestamp(3) NOT NULL DEFAULT now()
);
CREATE TABLE usage_logs (
  id text PRIMARY KEY, user_id text, project_id text, action_type "UsageLogAction" NOT NULL, provider text NOT NULL,
  model_name text NOT NULL, tokens_input integer NOT NULL DEFAULT 0, tokens_output integer NOT NULL DEFAULT 0,
  duration_seconds numeric(10, 2) NOT NULL DEFAULT 0, status "UsageLogStatus" NOT NULL, error_message text,
  idempotency_key text UNIQUE, created_at timestamp(3) NOT NULL DEFAULT '2025-11-05'
);
