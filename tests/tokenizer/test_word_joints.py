import numpy as np

from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.tokenizer.word_joints import word_joints

TEXT = "the cat con cat concat (cat) sat_down, naïve 東京 and 42 mats on\nthe cats' mat. " * 30
TOKENIZER = ByteBPE().train([[TEXT]], 300)


def words(text):
    """The text cut where words begin."""
    ids = np.array(TOKENIZER.encode(text))
    starts = word_joints(TOKENIZER).word_starts(ids, np.array([0, len(ids)]))
    pieces = np.split(ids, np.flatnonzero(starts)[1:])
    return [TOKENIZER.decode(piece.tolist()) for piece in pieces]


def test_sub_words_join_and_signs_stand_alone():
    assert words("the concats, (cat) sat") == ["the", " concats", ",", " (", "cat", ")", " sat"]
    assert words("sat_downs 4242") == ["sat_downs", " 4242"]


def test_the_bytes_of_a_character_stay_together():
    assert words("naïvely ok") == ["naïvely", " ok"]
    assert "".join(words("東京都 é")) == "東京都 é"
    assert words("東京都 é")[0] == "東京都"


def test_a_document_begins_a_word():
    ids = np.array(TOKENIZER.encode("concatcat"))
    joints = word_joints(TOKENIZER)
    assert joints.word_starts(ids, np.array([0, len(ids)])).sum() == 1
    assert joints.word_starts(ids, np.array([0, 1, len(ids)])).tolist()[:2] == [True, True]


def test_special_tokens_are_words_of_their_own():
    joints = word_joints(TOKENIZER)
    special = [TOKENIZER.end_of_text, TOKENIZER.pad, TOKENIZER.mask]
    assert not joints.goes_on[special].any()
    assert not joints.is_open[special].any()


def test_a_folder_can_be_given(tmp_path):
    TOKENIZER.save(tmp_path)
    assert (word_joints(tmp_path).goes_on == word_joints(TOKENIZER).goes_on).all()
