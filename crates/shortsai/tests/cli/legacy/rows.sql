-- Two people who are one, somebody who is here already under another id, and whatever else may have gathered in a year.
INSERT INTO plans (id, name, slug, price, features) VALUES
  ('00000000-0000-4000-8000-0000000000a1', 'Pro', 'pro', 19.90, '{"badge": true}'),
  ('00000000-0000-4000-8000-0000000000a2', 'Odd', 'odd', 'NaN', NULL);
INSERT INTO users (id, name, email, email_verified, image, role, subscription_plan, tier, plan_id, created_at, google_id) VALUES
  ('00000000-0000-4000-8000-000000000001', 'Ana', 'ana@example.org', '2025-10-02', 'https://people.example/ana.png', 'ADMIN', 'PRO', 'pro',
   '00000000-0000-4000-8000-0000000000a1', '2025-10-01', NULL),
  ('00000000-0000-4000-8000-000000000002', NULL, 'Ana@Example.org', NULL, NULL, 'USER', 'FREE', 'free', NULL, '2025-10-03', NULL),
  -- Whoever wrote this could write whatever they liked.
  ('00000000-0000-4000-8000-000000000003', NULL, 'bob@example.org', NULL, NULL, 'USER', 'FREE', 'free', NULL, '2025-10-04', 'google-of-mallory'),
  ('demo-user', 'Eva', 'eva@example.org', NULL, 'data:image/png;base64,AAAA', 'OWNER', 'FREE', 'free', NULL, '2025-10-05', NULL),
  ('00000000-0000-4000-8000-000000000005', 'Nobody', ' ', NULL, NULL, 'USER', 'FREE', 'free', NULL, '2025-10-06', NULL),
  ('00000000-0000-4000-8000-000000000006', 'Here before', 'known@example.org', NULL, NULL, 'ADMIN', 'PRO', 'pro', NULL, '2025-10-07', NULL);
UPDATE users SET is_blocked = true, stripe_customer_id = 'cus_1' WHERE email = 'bob@example.org';
INSERT INTO accounts (id, "userId", type, provider, "providerAccountId") VALUES
  ('a', '00000000-0000-4000-8000-000000000001', 'oidc', 'google', '1234567890'),
  ('b', '00000000-0000-4000-8000-000000000003', 'oauth', 'github', '77');
INSERT INTO sessions VALUES ('s', 'planted-session', '00000000-0000-4000-8000-000000000001', now());
INSERT INTO user_limits (user_id, monthly_videos_limit, monthly_images_limit, daily_requests_limit, daily_videos_limit) VALUES
  ('00000000-0000-4000-8000-000000000001', 5, 10, 50, 2);
INSERT INTO user_limits (user_id) VALUES ('00000000-0000-4000-8000-000000000003'), ('nobody at all');
-- The first is veiled as the Studio does it, the third is the mask of one.
INSERT INTO api_keys (user_id, gemini_key, groq_key, suno_key, elevenlabs_key) VALUES
  ('00000000-0000-4000-8000-000000000001', '38300318291518170d1c1d5448', 'gsk_planted', '53535353484b4a4d', 'no key at all'),
  ('00000000-0000-4000-8000-000000000099', 'AIza-of-nobody', NULL, NULL, NULL),
  ('00000000-0000-4000-8000-000000000003', '', NULL, NULL, NULL);
INSERT INTO folders (id, name, user_id) VALUES
  ('00000000-0000-4000-8000-0000000000f1', 'Week 1', '00000000-0000-4000-8000-000000000001'),
  ('00000000-0000-4000-8000-0000000000f2', 'Week 1', '00000000-0000-4000-8000-000000000002'),
  ('00000000-0000-4000-8000-0000000000f3', 'Lost', '00000000-0000-4000-8000-000000000099');
INSERT INTO shows (id, user_id, name) VALUES ('00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-000000000001', 'Space');
INSERT INTO characters (id, user_id, name, images, show_id, voice_provider, voice_id, voice_settings) VALUES
  ('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-000000000001', 'Luna', ARRAY[
     'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC', NULL,
     'https://media.example/characters/00000000-0000-4000-8000-00000000c0de.png', 'https://elsewhere.example/luna.png'],
   '00000000-0000-4000-8000-0000000000b1', 'elevenlabs', 'abc', '{"stability": 0.5}'),
  ('00000000-0000-4000-8000-0000000000c2', 'demo-user', 'Sol', NULL, 'no such show', NULL, NULL, NULL);
INSERT INTO projects (id, user_id, topic, status, generated_title, tags, folder_id, show_id, episode_number, include_music, bg_music_status,
  bg_music_url, duration_config, is_archived, reference_image_url) VALUES
  ('00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000001', 'the Moon', 'completed', 'Mond – „Übung“', '{a,"b c",NULL}',
   '00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000b1', 7, true, 'completed',
   'https://media.example/music/00000000-0000-4000-8000-0000000000aa.mp3', '{"min": 30, "max": 60}', true,
   '/api/assets?url=https%3A%2F%2Fmedia.example%2Fscenes%2Fimages%2F00000000-0000-4000-8000-0000000001aa.png'),
  -- In the middle of being made.
  ('00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000002', 'Mars', 'generating', NULL, NULL,
   '00000000-0000-4000-8000-0000000000f2', NULL, NULL, true, 'loading', NULL, NULL, false, NULL),
  -- Names what is Ana's, and lacks what it should have.
  ('00000000-0000-4000-8000-000000000013', '00000000-0000-4000-8000-000000000003', 'Venus', 'completed', NULL, '{}',
   '00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000b1', 1, false, NULL, NULL, NULL, false, 'https://elsewhere.example/look.png'),
  ('00000000-0000-4000-8000-000000000014', '00000000-0000-4000-8000-000000000099', 'Nobody''s', 'draft', NULL, '{}', NULL, NULL, NULL, false, NULL, NULL, NULL, false, NULL),
  ('00000000-0000-4000-8000-000000000015', 'demo-user', 'Pluto', 'archived', NULL, '{}', 'no such folder', NULL, NULL, false, 'failed', NULL, NULL, false, NULL),
  ('00000000-0000-4000-8000-000000000016', '00000000-0000-4000-8000-000000000006', 'Io', 'failed', NULL, '{}', NULL, NULL, NULL, false, NULL, NULL, NULL, false, NULL);
UPDATE projects SET tts_provider = 'azure' WHERE topic = 'Pluto';
INSERT INTO "_CharacterToProject" VALUES
  ('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-000000000011'),
  ('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-000000000013');
INSERT INTO scenes (id, project_id, scene_number, image_status, image_url, audio_status, audio_url, video_status, video_url, sfx_status, sfx_url,
  media_type, word_timings, character_id, duration_seconds, error_message) VALUES
  ('00000000-0000-4000-8000-000000000111', '00000000-0000-4000-8000-000000000011', 1,
   'completed', 'https://media.example/scenes/images/00000000-0000-4000-8000-0000000001aa.png',
   'completed', 'undefined/scenes/audio/00000000-0000-4000-8000-0000000001bb.mp3', 'completed',
   'scenes/videos/00000000-0000-4000-8000-0000000001cc.mp4', 'draft', NULL, 'video',
   '[{"word": "Grüße", "start": 0, "end": 0.5}, {"word": "∆", "start": 0.5, "end": 1.337}]', '00000000-0000-4000-8000-0000000000c1', 4.25, NULL),
  ('00000000-0000-4000-8000-000000000112', '00000000-0000-4000-8000-000000000011', 2, 'completed', NULL, 'completed', NULL, 'draft', NULL,
   'draft', NULL, 'image', NULL, NULL, 3, 'Skipped by user'),
  ('00000000-0000-4000-8000-000000000113', '00000000-0000-4000-8000-000000000011', 2, 'draft', NULL, 'draft', NULL, 'draft', NULL,
   'draft', NULL, 'image', NULL, NULL, 3, NULL),
  ('00000000-0000-4000-8000-000000000121', '00000000-0000-4000-8000-000000000012', 1, 'completed',
   'https://media.example/scenes/images/00000000-0000-4000-8000-0000000001aa.png', 'processing', NULL, 'draft', NULL,
   'processing', NULL, 'image', '{"not": "words"}', 'no such character', 'NaN', NULL),
  ('00000000-0000-4000-8000-000000000122', '00000000-0000-4000-8000-000000000012', 1, 'queued', NULL, 'error', NULL, 'stale', NULL,
   'draft', NULL, 'image', NULL, NULL, 2, 'The vendor said no'),
  ('00000000-0000-4000-8000-000000000131', '00000000-0000-4000-8000-000000000013', 4, 'completed', 'https://elsewhere.example/venus.png',
   'completed', 'https://media.example/scenes/audio/00000000-0000-4000-8000-0000000000ff.mp3', 'draft', NULL, 'draft', NULL, 'image', NULL, NULL, 5, NULL),
  ('00000000-0000-4000-8000-000000000141', '00000000-0000-4000-8000-000000000014', 1, 'draft', NULL, 'draft', NULL, 'draft', NULL,
   'draft', NULL, 'image', NULL, NULL, 5, NULL),
  ('00000000-0000-4000-8000-000000000191', '00000000-0000-4000-8000-000000000019', 1, 'draft', NULL, 'draft', NULL, 'draft', NULL,
   'draft', NULL, 'image', NULL, NULL, 5, NULL);
UPDATE scenes SET deleted_at = now() WHERE id = '00000000-0000-4000-8000-000000000113';
INSERT INTO "Job" (id, type, status, "inputPayload", "projectId") VALUES
  ('cjob1', 'VIDEO_GENERATION', 'PROCESSING', '{"key": "planted-job-key"}', '00000000-0000-4000-8000-000000000011'),
  ('cjob2', 'render_video', 'completed', '{}', '00000000-0000-4000-8000-000000000011');
INSERT INTO usage_logs (id, user_id, project_id, action_type, provider, model_name, tokens_input, duration_seconds, status, error_message,
  idempotency_key, created_at) VALUES
  ('00000000-0000-4000-8000-0000000000e1', '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000011', 'GENERATE_IMAGE',
   'gemini', 'gemini-2.5-flash-image', 12, 0, 'success', NULL, 'once', now() AT TIME ZONE 'UTC'),
  ('00000000-0000-4000-8000-0000000000e2', '00000000-0000-4000-8000-000000000001', NULL, 'GENERATE_TTS', 'elevenlabs', 'flash', 0, 61.5, 'success', NULL, NULL, '2025-11-05'),
  ('00000000-0000-4000-8000-0000000000e3', NULL, NULL, 'GENERATE_SCRIPT', 'gemini', 'flash', 0, 0, 'failed', 'Model Refusal', NULL, '2025-11-06'),
  ('00000000-0000-4000-8000-0000000000e4', '00000000-0000-4000-8000-000000000099', NULL, 'GENERATE_TTS', 'groq', 'x', 0, 'NaN', 'success', NULL, NULL, '2025-11-06'),
  ('00000000-0000-4000-8000-0000000000e5', '00000000-0000-4000-8000-000000000001', NULL, 'GENERATE_DREAM', 'gemini', 'x', 0, 0, 'success', NULL, NULL, '2025-11-06');
