"""nnU-Net (1 and 2), the Medical Segmentation Decathlon, and sets that come in their form."""
from .truth import layout
from .writers import image, labels, picture, png, noise, text

LIVER = {"background": 0, "liver": 1, "tumour": 2}
OLDER = {"0": "background", "1": "liver", "2": "tumour"}


def described(folder, names=None, channels=None, ending=".nii.gz", cases=3, **more):
    """dataset.json of version 2."""
    text(folder / "dataset.json", {"channel_names": channels or {"0": "CT"}, "labels": names or LIVER,
                                   "numTraining": cases, "file_ending": ending, **more})


def decathlon(folder, stem, names, channels, cases, tests=(), **more):
    """dataset.json of the Decathlon and of version 1: names of files are those without the channel."""
    text(folder / "dataset.json", {
        "name": folder.name, "description": "", "tensorImageSize": "3D", "modality": channels, "labels": names,
        "numTraining": len(cases), "numTest": len(tests),
        "training": [{"image": f"./imagesTr/{stem.format(n)}.nii.gz", "label": f"./labelsTr/{stem.format(n)}.nii.gz"}
                     for n in cases], "test": [f"./imagesTs/{stem.format(n)}.nii.gz" for n in tests], **more})


def raw(folder, stem, channels=1, cases=3, tests=0, kind="ct", ending=".nii.gz", values=(1, 2), first=0):
    for n in range(cases + tests):
        part = "Tr" if n < cases else "Ts"
        for c in range(channels):
            image(folder / f"images{part}" / f"{stem.format(n + first)}_{c:04}{ending}", n, kind)
        if n < cases:
            labels(folder / "labelsTr" / f"{stem.format(n + first)}{ending}", n, values)


@layout("nnunet-v1", 5, 5, labelled=3, labels=["liver", "tumour"], splits={"train": 3, "test": 2})
def nnunet_v1(out):
    folder = out / "nnUNet_raw_data" / "Task501_Liver"
    raw(folder, "la_{:03}", tests=2)
    decathlon(folder, "la_{:03}", OLDER, {"0": "CT"}, range(3), range(3, 5))


@layout("nnunet-v1-channels", 3, 3, labels=["edema", "core"], channels=["FLAIR", "T1w", "t1gd", "T2w"])
def nnunet_v1_channels(out):
    folder = out / "Task500_BrainTumour"
    raw(folder, "BRATS_{:03}", 4, kind="mr")
    decathlon(folder, "BRATS_{:03}", {"0": "background", "1": "edema", "2": "core"},
              {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}, range(3))


@layout("nnunet-v2", 3, 3, labels=["liver", "tumour"])
def nnunet_v2(out):
    raw(out / "Dataset001_Liver", "la_{:03}")
    described(out / "Dataset001_Liver")


@layout("nnunet-v2-two-channels", 3, 3, labels=["liver", "tumour"], channels=["T1", "FLAIR"])
def nnunet_v2_two(out):
    raw(out, "case_{:03}", 2, kind="mr")
    described(out, channels={"0": "T1", "1": "FLAIR"})


@layout("nnunet-v2-tests", 5, 5, labels=["liver", "tumour"], splits={"train": 3, "test": 2})
def nnunet_v2_tests(out):
    raw(out / "Dataset001_Liver", "la_{:03}", tests=2)
    for n in (3, 4):
        labels(out / "Dataset001_Liver" / "labelsTs" / f"la_{n:03}.nii.gz", n)
    described(out / "Dataset001_Liver")


@layout("nnunet-v2-regions", 3, 3, labels=["whole tumor", "tumor core", "enhancing tumor"],
        channels=["T1", "T1ce", "T2", "FLAIR"])
def nnunet_v2_regions(out):
    folder = out / "Dataset137_BraTS2021"
    raw(folder, "BraTS2021_{:05}", 4, kind="mr", values=(1, 2, 3))
    described(folder, {"background": 0, "whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": [3]},
              {"0": "T1", "1": "T1ce", "2": "T2", "3": "FLAIR"}, regions_class_order=[1, 2, 3])


@layout("nnunet-v2-ignore", 3, 3, labels=["liver", "tumour"])
def nnunet_v2_ignore(out):
    raw(out / "Dataset002_Scribble", "la_{:03}", values=(1, 2, 3))
    described(out / "Dataset002_Scribble", {**LIVER, "ignore": 3})


@layout("nnunet-v2-files", 3, 3, labels=["liver", "tumour"])
def nnunet_v2_files(out):
    """dataset.json may list the files of each case ("dataset"), called and placed as they like."""
    folder, listed = out / "Dataset003_Elsewhere", {}
    for n, word in enumerate(("ax", "by", "cz")):
        image(folder / "recon" / f"{word}_venous.nii.gz", n)
        labels(folder / "drawn" / f"{n}_{word}_by_hand.nii.gz", n)
        listed[f"case_{n}"] = {"images": [f"recon/{word}_venous.nii.gz"], "label": f"drawn/{n}_{word}_by_hand.nii.gz"}
    described(folder, dataset=listed)


@layout("nnunet-v2-several", 5, 5, labels=["liver", "tumour", "spleen", "left kidney"])
def nnunet_v2_several(out):
    """Two data sets beside each other, where 1 means another thing."""
    raw(out / "nnUNet_raw" / "Dataset001_Liver", "la_{:03}")
    described(out / "nnUNet_raw" / "Dataset001_Liver")
    raw(out / "nnUNet_raw" / "Dataset002_Others", "la_{:03}", cases=2)
    described(out / "nnUNet_raw" / "Dataset002_Others", {"background": 0, "spleen": 1, "left kidney": 2}, cases=2)


@layout("nnunet-v2-mha", 3, 3, labels=["liver", "tumour"])
def nnunet_v2_mha(out):
    raw(out / "Dataset112_ToothFairy2", "ToothFairy2F_{:03}", ending=".mha")
    described(out / "Dataset112_ToothFairy2", ending=".mha", channels={"0": "CBCT"})


@layout("nnunet-v2-nrrd", 3, 3, labels=["liver", "tumour"])
def nnunet_v2_nrrd(out):
    raw(out / "Dataset004_Nrrd", "p{:02}", ending=".nrrd")
    described(out / "Dataset004_Nrrd", ending=".nrrd")


@layout("nnunet-v2-four-digits", 3, 3, labels=["liver", "tumour"])
def nnunet_v2_digits(out):
    """Numbers of cases of four digits, too: not channels."""
    raw(out / "Dataset005_Digits", "case_{:04}")
    described(out / "Dataset005_Digits")


@layout("nnunet-v2-text-values", 3, 3, labels=["liver", "tumour"])
def nnunet_v2_text(out):
    raw(out / "Dataset006_Text", "la_{:03}")
    described(out / "Dataset006_Text", {"background": "0", "liver": "1", "tumour": "2"})


@layout("nnunet-modality-list", 3, 3, labels=["liver", "tumour"])
def nnunet_modality_list(out):
    raw(out / "Task510_List", "la_{:03}")
    decathlon(out / "Task510_List", "la_{:03}", OLDER, ["CT"], range(3))


@layout("nnunet-no-json", 3, 3)
def nnunet_no_json(out):
    raw(out / "Dataset007_Bare", "la_{:03}")


@layout("nnunet-labels-list", 3, 3, labels=["liver", "tumour"])
def nnunet_labels_list(out):
    """Not by the words of nnU-Net, but found: a list of names in the order of the values."""
    raw(out / "Task511_List", "la_{:03}")
    decathlon(out / "Task511_List", "la_{:03}", ["background", "liver", "tumour"], {"0": "CT"}, range(3))


@layout("nnunet-v2-png", 4, 4, labels=["road"])
def nnunet_v2_png(out):
    """Natural images: 2D segmentation."""
    folder = out / "Dataset120_Roads"
    for n in range(4):
        picture(folder / "imagesTr" / f"img-{n}_0000.png")
        png(folder / "labelsTr" / f"img-{n}.png", noise(n).integers(0, 2, (16, 18)))
    described(folder, {"background": 0, "road": 1}, {"0": "grey"}, ".png", 4)


@layout("nnunet-v2-png-channels", 4, 4, labelled=3, labels=["road"], channels=["red", "infrared"],
        splits={"train": 3, "test": 1})
def nnunet_v2_png_channels(out):
    """A file for each channel."""
    folder = out / "Dataset121_Fields"
    for n in range(4):
        part = "Tr" if n < 3 else "Ts"
        for c in range(2):
            picture(folder / f"images{part}" / f"img-{n}_{c:04}.png")
        if n < 3:
            png(folder / "labelsTr" / f"img-{n}.png", noise(n).integers(0, 2, (16, 18)))
    described(folder, {"background": 0, "road": 1}, {"0": "red", "1": "infrared"}, ".png", 3)


@layout("nnunet-results-beside", 3, 3, labels=["liver", "tumour"])
def nnunet_results(out):
    """A working folder: predictions of a trained network lie below nnUNet_results, and are neither image nor truth."""
    raw(out / "nnUNet_raw" / "Dataset001_Liver", "la_{:03}")
    described(out / "nnUNet_raw" / "Dataset001_Liver")
    fold = out / "nnUNet_results" / "Dataset001_Liver" / "nnUNetTrainer__nnUNetPlans__3d_fullres" / "fold_0"
    for n in range(2):
        labels(fold / "validation" / f"la_{n:03}.nii.gz", n)
    text(fold / "debug.json", {"device": "cuda:0"})


@layout("msd-spleen", 5, 5, labelled=3, labels=["spleen"], splits={"train": 3, "test": 2})
def msd_spleen(out):
    folder = out / "Task09_Spleen"
    for n in range(5):
        image(folder / ("imagesTr" if n < 3 else "imagesTs") / f"spleen_{n + 10}.nii.gz", n)
        if n < 3:
            labels(folder / "labelsTr" / f"spleen_{n + 10}.nii.gz", n, [1])
    decathlon(folder, "spleen_{}", {"0": "background", "1": "spleen"}, {"0": "CT"}, range(10, 13), (13, 14))


@layout("msd-mac-files", 3, 3, labels=["spleen"])
def msd_mac_files(out):
    """The Decathlon's archives hold macOS' ._ files beside each file."""
    folder = out / "Task09_Spleen"
    for n in range(3):
        for write, part in ((image, "imagesTr"), (labels, "labelsTr")):
            write(folder / part / f"spleen_{n + 10}.nii.gz", n, **({"values": [1]} if write is labels else {}))
            double = b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(140)
            (folder / part / f"._spleen_{n + 10}.nii.gz").write_bytes(double)
    text(folder / "._dataset.json", "\0\5\x16\7")
    decathlon(folder, "spleen_{}", {"0": "background", "1": "spleen"}, {"0": "CT"}, range(10, 13))


@layout("msd-brain", 3, 3, labels=["edema", "non-enhancing tumor", "enhancing tumour"],
        channels=["FLAIR", "T1w", "t1gd", "T2w"])
def msd_brain(out):
    folder = out / "Task01_BrainTumour"
    for n in range(3):
        image(folder / "imagesTr" / f"BRATS_{n + 1:03}.nii.gz", n, "mr", volumes=4)
        labels(folder / "labelsTr" / f"BRATS_{n + 1:03}.nii.gz", n, (1, 2, 3))
    names = {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"}
    decathlon(folder, "BRATS_{:03}", names, {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}, range(1, 4))


@layout("msd-prostate", 3, 3, labels=["PZ", "TZ"], channels=["T2", "ADC"])
def msd_prostate(out):
    folder = out / "Task05_Prostate"
    for n in range(3):
        image(folder / "imagesTr" / f"prostate_{n:02}.nii.gz", n, "mr", volumes=2)
        labels(folder / "labelsTr" / f"prostate_{n:02}.nii.gz", n)
    decathlon(folder, "prostate_{:02}", {"0": "background", "1": "PZ", "2": "TZ"}, {"0": "T2", "1": "ADC"}, range(3))


@layout("msd-hippocampus", 3, 3, labels=["Anterior", "Posterior"])
def msd_hippocampus(out):
    folder = out / "Task04_Hippocampus"
    for n in range(3):
        image(folder / "imagesTr" / f"hippocampus_{n + 1:03}.nii.gz", n, "mr")
        labels(folder / "labelsTr" / f"hippocampus_{n + 1:03}.nii.gz", n)
    decathlon(folder, "hippocampus_{:03}", {"0": "background", "1": "Anterior", "2": "Posterior"}, {"0": "MRI"},
              range(1, 4))


@layout("learn2reg-abdomen", 3, 3, labels=["liver", "tumour"])
def learn2reg(out):
    """Learn2Reg: labels are called just like the images, _0000 included; masks of the body lie beside."""
    folder = out / "AbdomenCTCT"
    for n in range(1, 4):
        image(folder / "imagesTr" / f"AbdomenCTCT_{n:04}_0000.nii.gz", n)
        labels(folder / "labelsTr" / f"AbdomenCTCT_{n:04}_0000.nii.gz", n)
    decathlon(folder, "AbdomenCTCT_{:04}_0000", OLDER, {"0": "CT"}, range(1, 4))


@layout("atm22", 3, 3)
def atm22(out):
    for n in range(1, 4):
        image(out / "TrainBatch1" / "imagesTr" / f"ATM_{n:03}_0000.nii.gz", n)
        labels(out / "TrainBatch1" / "labelsTr" / f"ATM_{n:03}_0000.nii.gz", n, [1])


@layout("topcow", 4, 2, splits={"train": 4})
def topcow(out):
    """CT and MR angiography of the same patient are two images with labels each."""
    folder = out / "TopCoW2024_Data_Release"
    for n in range(4):
        name = f"topcow_{('ct', 'mr')[n % 2]}_{1 + n // 2:03}"
        image(folder / "imagesTr" / f"{name}_0000.nii.gz", n, ("ct", "mr")[n % 2])
        labels(folder / "cow_seg_labelsTr" / f"{name}.nii.gz", n, (1, 2, 4))
        text(folder / "roi_loc_labelsTr" / f"{name}.txt", "Bounding Box of ROI\nSize (voxels): 3 3 3\n")


@layout("amos22-json", 5, 5, labelled=4, labels=["spleen", "right kidney"],
        splits={"train": 3, "validation": 1, "test": 1})
def amos22_json(out):
    """AMOS calls the validation part imagesVa and labelsVa."""
    folder = out / "amos22"
    for n, part in enumerate(("Tr", "Tr", "Tr", "Va", "Ts")):
        image(folder / f"images{part}" / f"amos_{n + 1:04}.nii.gz", n)
        if part != "Ts":
            labels(folder / f"labels{part}" / f"amos_{n + 1:04}.nii.gz", n)
    decathlon(folder, "amos_{:04}", {"0": "background", "1": "spleen", "2": "right kidney"}, {"0": "CT"}, range(1, 4),
              (5,), validation=[{"image": "./imagesVa/amos_0004.nii.gz", "label": "./labelsVa/amos_0004.nii.gz"}])


@layout("word", 4, 4, labels=["liver", "spleen"], splits={"train": 2, "validation": 1, "test": 1})
def word(out):
    folder = out / "WORD-V0.1.0"
    for n, part in enumerate(("Tr", "Tr", "Val", "Ts")):
        image(folder / f"images{part}" / f"word_{n + 2:04}.nii.gz", n)
        labels(folder / f"labels{part}" / f"word_{n + 2:04}.nii.gz", n)
    decathlon(folder, "word_{:04}", {"0": "background", "1": "liver", "2": "spleen"}, {"0": "CT"}, (2, 3))
